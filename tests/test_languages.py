"""Everything public is there in every language, and says nothing in another."""

import re
from datetime import date
from html import unescape

import pytest
import time_machine

from hourtab.core.amounts import HOUR
from hourtab.ledger.verbs.log import top_up
from hourtab.ledger.verbs.plan import plan_work
from hourtab.sharing.services import share
from tests import catalogues
from tests.builders import NOW, a_retainer, log

LANGUAGES = catalogues.languages()


def test_there_is_german_beside_english() -> None:
    assert LANGUAGES == ["de"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_text_is_translated(language) -> None:
    assert (
        catalogues.untranslated(catalogues.read(language), catalogues.texts(only_public=True)) == []
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_knows_every_text_and_is_compiled(language) -> None:
    kept, every = catalogues.read(language), catalogues.texts()
    ids = {(message.id, message.context) for message in every if message.id}
    assert {(message.id, message.context) for message in kept if message.id} == ids, (
        "run: python -m tests.catalogues"
    )
    compiled = catalogues.LOCALE / language / "LC_MESSAGES" / "django.mo"
    assert compiled.read_bytes() == catalogues.compiled(kept), "run: python -m tests.catalogues"


def words_in(html: str) -> str:
    body = re.sub(r"<(script|style).*?</\1>", " ", html.partition("<body")[2], flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ").split())


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_german_page_speaks_german_alone(northlight, carl, settings) -> None:
    settings.EMAIL_URL = "smtp://localhost:1"
    retainer = a_retainer(
        northlight, "Brückner AG", "Führungskräftecoaching", starts="2027-04-01", rollover=1
    )
    for day in ("2027-04-06", "2027-05-05", "2027-06-03", "2027-06-08", "2027-06-15"):
        log(retainer, day, "2h 30m", "Gespräch", category="Sitzung", person="Mara")
    log(retainer, "2027-06-16", "45m", "Kurz geholfen", category="Beratung", scope="courtesy")
    log(retainer, "2027-06-17", "7h", "Umzug", category="Umzug", scope="project")
    top_up(retainer, seconds=HOUR, on=date(2027, 6, 3), by=None, now=NOW)
    days = {"starts_on": date(2027, 6, 24), "ends_on": date(2027, 6, 25)}
    plan_work(retainer, text="Einführung", amount=3 * HOUR, by=None, now=NOW, **days)
    link = share(
        [retainer], by=None, locale="de-DE", shows_people=True, shows_projects=True, has_feeds=True
    )
    english = {
        text
        for message in catalogues.texts(only_public=True)
        for text in ([message.id] if isinstance(message.id, str) else message.id)
        if " " in text and "%" not in text and "<" not in text
    }
    for query in (
        "",
        "?q=Gespräch",
        "?hours=40h",
        "?year=2027",
        "?all",
        "?check",
        "?subscribe",
        "?hours=nonsense",
    ):
        answer = carl.get(f"{link.path}{query}")
        text = words_in(answer.content.decode())
        assert '<html lang="de">' in answer.content.decode(), query
        assert [found for found in english if found in text] == [], query
    page = words_in(carl.get(link.path).content.decode())
    assert "20 h im Monat, jeweils ab dem 1. des Monats." in page
    assert "Dienstag, 15. Juni" in page
    assert "als Projekt berechnet" in page
