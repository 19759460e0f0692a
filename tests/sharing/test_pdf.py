"""PDFs: bounded in what they list, in memory, in time, and in how many are made at once."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import time_machine
from django.db import connection

from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from hourtab.showing.files import pdf
from tests.builders import NOW, a_retainer, log
from tests.pdf import text_of_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    retainer = a_retainer(northlight, "Brightwater", "ERP programme", starts="2027-06-01")
    log(retainer, "2027-06-03", "2h", "Interviews")
    return retainer


@pytest.fixture
def link(retainer) -> ShareLink:
    return share([retainer], by=None)


FORMS = ("?as=pdf", "?year=2027&as=pdf", "?all&as=pdf")


@pytest.mark.parametrize("form", FORMS)
def test_a_pdf_says_what_was_done(carl, link, form) -> None:
    answer = carl.get(link.path + form)
    assert answer["Content-Type"] == "application/pdf"
    said = text_of_pdf(answer.content)
    assert "Interviews" in said
    assert "in the CSV" not in said


@pytest.mark.parametrize("form", FORMS)
def test_a_long_text_is_cut_and_its_whole_is_in_the_csv(carl, link, retainer, form) -> None:
    log(retainer, "2027-06-04", "1h", "word " * 230 + "atlastthere")
    said = text_of_pdf(carl.get(link.path + form).content)
    assert "atlastthere" not in said
    assert "Long texts are cut here; the whole text is in the CSV." in said
    assert b"atlastthere" in carl.get(link.path + form.replace("pdf", "csv")).content


def test_a_pdf_lists_so_many_characters_and_says_how_many_lines_are_left_out(
    carl, link, retainer, monkeypatch
) -> None:
    for day in range(4, 14):
        log(retainer, f"2027-06-{day:02d}", "1h", "word " * 100)
    monkeypatch.setattr(pdf, "MOST_CHARACTERS", 2_000)
    said = text_of_pdf(carl.get(f"{link.path}?as=pdf").content)
    assert "Interviews" in said
    assert "7 more lines are in the CSV." in said


def test_what_needs_too_much_is_a_sentence_with_the_way_to_the_csv(
    carl, link, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(pdf, "TAKES_SECONDS", 0.001)
    answer = carl.get(f"{link.path}?as=pdf&retainer=1")
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "This is too much for a PDF." in said
    assert 'href="?as=csv&amp;retainer=1"' in said


def test_a_document_beyond_its_memory_ends_its_own_process_alone() -> None:
    folder = Path(pdf.__file__).parent
    small = (folder / "typeset.py").read_text().replace("768 * 2**20", "96 * 2**20")
    assert "96 * 2**20" in small
    made = subprocess.run(
        [sys.executable, "-P", "-c", small, str(folder.parent / "typst/story.typ")],
        input=b"{}",
        capture_output=True,
        timeout=60,
        env=os.environ | {"RAYON_NUM_THREADS": "2"},
        check=False,
    )
    assert made.returncode != 0
    assert made.stdout == b""


@pytest.mark.django_db(transaction=True)
def test_two_pdfs_at_once_and_who_waits_too_long_is_told_to_come_again(
    carl, link, monkeypatch
) -> None:
    monkeypatch.setattr(pdf, "WAITS_SECONDS", 0.05)
    for _ in range(pdf.MOST_AT_ONCE):
        assert pdf._SLOTS.acquire(blocking=False)
    try:
        answer = carl.get(f"{link.path}?as=pdf")
        assert (answer.status_code, answer["Retry-After"]) == (503, "10")
        assert "Please try again shortly." in answer.content.decode()
    finally:
        for _ in range(pdf.MOST_AT_ONCE):
            pdf._SLOTS.release()
    assert carl.get(f"{link.path}?as=pdf").status_code == 200
    monkeypatch.setattr(pdf, "WAITS_SECONDS", 30.0)
    path, together = f"{link.path}?as=pdf", threading.Barrier(4)

    def ask(_i: int) -> int:
        together.wait(10)
        try:
            return carl.get(path).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [200] * 4
