"""Statements as the sponsor reads them: page, PDF, CSV, document; what a link shows, and nothing
else.
"""

import csv
import hashlib
import io
import json
import re
from datetime import date

import pytest
import time_machine

from hourtab.core.amounts import HOUR
from hourtab.core.document import public
from hourtab.core.document.fields import DocumentError
from hourtab.lane.headers import PUBLIC
from hourtab.ledger import jobs
from hourtab.ledger.models import Entry, Source
from hourtab.ledger.reading.verify import findings
from hourtab.ledger.verbs import agree as agreement
from hourtab.ledger.verbs import bring_in as batches
from hourtab.ledger.verbs import close as statements
from hourtab.ledger.verbs import correct as corrections
from hourtab.ledger.verbs import log as services
from hourtab.ledger.verbs.bring_in import Batch, SourceRow
from hourtab.retainers.models import Retainer
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.services import change_link, revoke_link, rotate_link, share
from hourtab.showing.document import SHOWN_LINES
from hourtab.showing.files.pdf import paper_of
from tests.builders import log, work
from tests.ledger.test_statements import JANUARY, MARCH, a_january, at

pytestmark = pytest.mark.django_db
NBSP = "\u00a0"


@pytest.fixture(autouse=True)
def on_15_february():
    with time_machine.travel(at("02-15"), tick=False):
        yield


@pytest.fixture
def retainer(northlight) -> Retainer:
    """January closed with 6 h used, 4 h lapsed; a courtesy, a project and an internal line; people
    and kinds of work.
    """
    retainer = a_january(northlight)
    log(
        retainer,
        "2027-02-04",
        "1h",
        "Given",
        now=at("02-04"),
        scope="courtesy",
        person="Mara",
        category="Calls",
    )
    log(retainer, "2027-02-04", "2h", "Billed apart", now=at("02-04"), scope="project")
    log(retainer, "2027-02-04", "3h", "Never shown", now=at("02-04"), scope="internal")
    return Retainer.objects.get(pk=retainer.pk)


@pytest.fixture
def link(retainer):
    return share([retainer], by=None)


def text_of(answer) -> str:
    said = re.sub(r"<[^>]+>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", said.replace(NBSP, " ").replace("&nbsp;", " "))


def test_a_past_cycle_leads_to_its_statement(carl, retainer, link) -> None:
    page = carl.get(link.path, {"page": "1"}).content.decode()
    (path,) = re.findall(r'href="(/s/[^"]+)"', page)
    assert path == statement_path(link, retainer.ref, 1)
    answer = carl.get(path)
    said = text_of(answer)
    assert "Statement 1 · 1–31 Jan 2027" in said
    assert "6 h of 10 h used." in said
    assert "Closed on 11 February 2027. A closed statement does not change." in said
    assert "January's work" in answer.content.decode().replace("&#x27;", "'")
    assert "Expired 4 h" in said
    for name, value in PUBLIC.items():
        assert answer[name] == value
    assert not answer.cookies


def test_an_address_that_is_wrong_revoked_or_rotated_is_not_active(
    carl, retainer, link, northlight
) -> None:
    path = statement_path(link, retainer.ref, 1)
    wrong = [
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path.replace("-1-", "-2-"),
        "/s/x",
        "/s/1-2-3",
        path + "x",
    ]
    first = carl.get(wrong[0])
    assert first.status_code == 404
    for address in wrong:
        answer = carl.get(address)
        assert (answer.status_code, answer.content) == (404, first.content), address
    assert carl.get(path + "?version=7").status_code == 404
    rotate_link(link)
    assert carl.get(path).status_code == 404
    link.refresh_from_db()
    path = statement_path(link, retainer.ref, 1)
    assert carl.get(path).status_code == 200
    revoke_link(link, now=at("02-15"))
    assert carl.get(path).content == first.content


def test_both_versions_of_a_reopened_statement_stay(carl, retainer, link) -> None:
    log(retainer, "2027-01-28", "2h", "Late", now=at("02-15"))
    statements.reopen_cycle(retainer, JANUARY, by=None, now=at("02-15"), reason="Forgotten call")
    path = statement_path(link, retainer.ref, 1)
    said = text_of(carl.get(path))
    assert "8 h of 10 h used." in said
    assert "Version 2 : Forgotten call" in said.replace("Version 2:", "Version 2 :")
    assert "6 h of 10 h used." in text_of(carl.get(path + "?version=1"))
    assert "Late" not in text_of(carl.get(path + "?version=1"))


def test_late_work_that_used_lapsed_hours_is_noted_and_the_statement_stays(
    carl, retainer, link
) -> None:
    path = statement_path(link, retainer.ref, 1)
    before = carl.get(path + "?as=json").content
    log(retainer, "2027-01-28", "2h", "Late", now=at("02-15"))
    assert "2 h of the 4 h that lapsed were used later" in text_of(carl.get(path))
    assert carl.get(path + "?as=json").content == before
    page = text_of(carl.get(link.path, {"page": "1"}))
    assert "late This work is of 28 January. Its own cycle was closed" in page
    assert "Used after they lapsed 2 h, for late work" in page


def test_a_correction_says_what_it_corrects_and_why(carl, retainer, link) -> None:
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry,
        work("2027-01-05", "4h", "January's work"),
        by=None,
        now=at("02-15"),
        reason="Counted twice",
    )
    page = text_of(carl.get(link.path, {"page": "1"})).replace("&#x27;", "'")
    assert (
        "Corrects “January's work” of 5 January, whose cycle was closed, by −2 h. Reason: Counted twice"
        in page
    )
    assert "−2 h" in page
    path = statement_path(link, retainer.ref, 1)
    assert "corrected Corrected by −2 h since" in text_of(carl.get(path))


def test_the_document_is_what_the_page_shows_and_its_digest_the_fingerprint(
    carl, retainer, link
) -> None:
    for path in (link.path, statement_path(link, retainer.ref, 1)):
        page = carl.get(path, {"page": "1"}).content.decode()
        content = carl.get(f"{path}?as=json").content
        fingerprint = hashlib.sha256(content).hexdigest()
        assert fingerprint in page
        assert fingerprint in carl.get(f"{path}?check").content.decode()
        document = json.loads(content)
        assert public.check(document) == (
            fingerprint,
            sum(len(sheet["lines"]) for sheet in document["sheets"]),
        )


def test_a_document_that_was_altered_names_the_line(carl, retainer, link) -> None:
    log(retainer, "2027-02-10", "1h", "More", now=at("02-15"))
    document = json.loads(carl.get(f"{link.path}?as=json").content)
    lines = document["sheets"][0]["lines"]
    assert [line["description"] for line in lines] == ["February's work", "Given", "More"]
    lines[0]["charged"] += 1
    with pytest.raises(DocumentError, match=re.escape("sheets[0].lines[0].balance")):
        public.check(document)
    lines[0]["charged"] -= 1
    document["sheets"][0]["cycle"]["available"] += HOUR
    with pytest.raises(
        DocumentError, match=re.escape("sheets[0].cycle.available: what came in is 36000")
    ):
        public.check(document)
    with pytest.raises(DocumentError, match=re.escape("sheets[0].lines: is missing")):
        public.check({"format": public.PUBLIC_FORMAT, "sheets": [{}]})


def test_nothing_is_in_any_file_that_the_link_does_not_show(carl, retainer, link) -> None:
    log(
        retainer,
        "2027-01-28",
        "2h",
        "Late",
        now=at("02-15"),
        person="Mara",
        category="Calls",
        project="Secret programme",
    )
    path = statement_path(link, retainer.ref, 1)
    files = [
        f"{link.path}?as=json",
        f"{link.path}?year=2027&as=csv",
        f"{link.path}?all",
        f"{path}?as=json",
        f"{path}?as=csv",
        path,
    ]
    change_link(link, shows_categories=False)
    for file in files:
        content = carl.get(file).content.decode()
        for secret in ("Never shown", "Billed apart", "Mara", "Calls", "Secret programme"):
            assert secret not in content, (file, secret)
    change_link(link, shows_categories=True, shows_people=True, shows_projects=True)
    content = carl.get(files[0]).content.decode()
    for shown in ("Billed apart", "Mara", "Calls"):
        assert shown in content
    assert "Never shown" not in content


def test_files_are_guarded_against_formulas(carl, retainer, link) -> None:
    log(retainer, "2027-02-10", "1h", "=SUM(A1)", now=at("02-15"))
    rows = list(
        csv.DictReader(
            io.StringIO(carl.get(f"{link.path}?year=2027&as=csv").content.decode("utf-8-sig"))
        )
    )
    assert [row["Work"] for row in rows] == [
        "January's work",
        "February's work",
        "Given",
        "'=SUM(A1)",
    ]
    assert [row["Charged"] for row in rows] == ["6:00", "3:00", "0:00", "1:00"]
    rows = list(
        csv.DictReader(
            io.StringIO(
                carl.get(statement_path(link, retainer.ref, 1) + "?as=csv").content.decode(
                    "utf-8-sig"
                )
            )
        )
    )
    assert [(row["Day"], row["Charged (exact)"], row["Left after it"]) for row in rows] == [
        ("2027-01-05", "21600", "14400")
    ]


def test_a_year_has_totals_by_kind_of_work_and_month(carl, retainer, link) -> None:
    said = text_of(carl.get(f"{link.path}?year=2027"))
    assert "The work of 2027" in said
    assert "10 h of work for Acme." in said
    assert "Other work 9 h Calls 1 h" in said
    assert "January 2027 6 h February 2027 4 h" in said
    assert "The engagement to date" in text_of(carl.get(f"{link.path}?all"))
    assert "No work was logged" in text_of(carl.get(f"{link.path}?year=2026"))
    for query in ("year=1", "year=x", "year=99999"):
        assert carl.get(f"{link.path}?{query}").status_code == 404


@pytest.mark.parametrize("paper", ["", "&paper=a4", "&paper=letter"])
def test_statement_and_year_come_as_pdf(carl, retainer, link, paper, northlight) -> None:
    log(
        retainer,
        "2027-02-10",
        "1h",
        "Zażółć gęślą jaźń · Ελληνικά · 日本語の議事録 #import \\ $x$ *bold* <b>",
        now=at("02-15"),
    )
    for path in (
        f"{statement_path(link, retainer.ref, 1)}?as=pdf",
        f"{link.path}?year=2027&as=pdf",
    ):
        answer = carl.get(path + paper)
        assert answer["Content-Type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert answer["X-Robots-Tag"].startswith("noindex")


def test_the_paper_is_the_one_of_the_country() -> None:
    assert [paper_of(locale) for locale in ("en-US", "en-GB", "de-DE", "es-MX", "en")] == [
        "us-letter",
        "a4",
        "a4",
        "us-letter",
        "a4",
    ]


def test_while_a_cycle_is_in_grace_the_page_says_when_it_closes(northlight, carl) -> None:
    retainer = a_january(northlight, rollover=1)
    jobs.turn_the_day(at("02-15"))
    link = share([retainer], by=None)
    with time_machine.travel(at("03-05"), tick=False):
        jobs.turn_the_day(at("03-05"))
        said = text_of(carl.get(link.path, {"page": "1"}))
    assert "February 2027 closes on 11 March" in said
    assert "Carried over 10 h for now, used first" in said
    with time_machine.travel(at("03-11"), tick=False):
        jobs.turn_the_day(at("03-11"))
        said = text_of(carl.get(link.path, {"page": "1"}))
    assert "closes on" not in said
    assert "Carried over 10 h, used first" in said


def test_what_is_agreed_for_later_stands_on_the_page(northlight, carl, retainer, link) -> None:
    from dataclasses import replace

    terms = replace(retainer.versions()[0], effective_on=MARCH, cap=30 * HOUR)
    agreement.change_terms(retainer, terms, by=None, now=at("02-15"))
    agreement.pause(retainer, date(2027, 4, 1), by=None, now=at("02-15"))
    agreement.end_retainer(retainer, date(2027, 6, 30), by=None, now=at("02-15"))
    said = text_of(carl.get(link.path, {"page": "1"}))
    assert "From 1 March 2027: 30 h a month" in said.replace("2027 :", "2027:")
    assert "From 1 April 2027: A pause" in said.replace("2027 :", "2027:")
    assert "On 30 June 2027: The agreement ends" in said.replace("2027 :", "2027:")


def test_a_very_long_statement_lists_its_first_lines_and_its_files_have_all(
    northlight, carl
) -> None:
    retainer = a_january(northlight)
    source = Source.objects.create(workspace=northlight, tool="toggl")
    rows = [
        SourceRow(work("2027-02-02", "0:01", f"Ticket {n}"), n, f"{n:032d}")
        for n in range(SHOWN_LINES)
    ]
    batches.apply_batch(
        retainer, Batch("big", source, rows), by=None, now=at("02-15"), tool="Toggl"
    )
    link = share([retainer], by=None)
    assert "2 more lines are in the CSV." in text_of(carl.get(f"{link.path}?year=2027"))
    assert (
        len(carl.get(f"{link.path}?year=2027&as=csv").content.decode().splitlines())
        == 1 + SHOWN_LINES + 2
    )
    assert carl.get(f"{link.path}?year=2027&as=pdf").content.startswith(b"%PDF-")
    with time_machine.travel(at("03-15"), tick=False):
        jobs.turn_the_day(at("03-15"))
        path = statement_path(link, retainer.ref, 2)
        assert "1 more line is in the CSV." in text_of(carl.get(path))
        assert (
            len(json.loads(carl.get(path + "?as=json").content)["sheets"][0]["lines"])
            == SHOWN_LINES + 1
        )


def test_a_correction_of_what_a_link_does_not_show_is_not_shown_either(northlight, carl) -> None:
    retainer = a_january(northlight)
    for scope in ("internal", "project"):
        log(
            retainer,
            "2027-01-09",
            "1h",
            f"Secret {scope}",
            now=at("02-15"),
            scope=scope,
            category="Hidden kind",
        )
    link = share([retainer], by=None, shows_categories=False)
    statements.reopen_cycle(retainer, JANUARY, by=None, now=at("02-15"), reason="A look together")
    for entry in Entry.objects.filter(on=date(2027, 1, 9)):
        standing = corrections.standing_work(entry)
        services.edit_entry(
            entry, standing._replace(amount=2 * HOUR), by=None, now=at("02-15"), reason="Longer"
        )
    blank = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        blank, work("2027-01-05", "4h", "", category="Hidden kind"), by=None, now=at("02-15")
    )
    for path in (
        link.path + "?page=1",
        link.path + "?as=json",
        link.path + "?all",
        statement_path(link, retainer.ref, 1),
    ):
        content = carl.get(path).content.decode()
        assert "Secret" not in content, path
        assert "Hidden kind" not in content, path
    change_link(link, shows_projects=True)
    assert "Secret project" in carl.get(link.path + "?page=1").content.decode()
    assert "Secret internal" not in carl.get(link.path + "?page=1").content.decode()
    assert findings(retainer, at("02-15")) == []
