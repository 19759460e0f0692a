"""Answers that are none: a sentence, and the file's own page still opens."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.accounts.models import Workspace
from hourtab.imports import verbs
from hourtab.imports.errors import Refusal
from hourtab.imports.matching.routing import read_routes
from hourtab.imports.models import Import, SourceRule
from hourtab.imports.reading.uploads import Upload, lines_in
from hourtab.ledger.models import Entry, Source
from tests.builders import NOW, a_retainer, toggl

pytestmark = pytest.mark.django_db

WEEK = toggl("06-03 09:00 1:30 Prep call")
BROKEN = [
    "no JSON",
    "[[1,2,3]]",
    "[" * 100_000,
    "{}",
    "7",
    "null",
    '[["client","Acme"]]',
    '[["client",["Acme"],"x"]]',
    '[["__class__","Acme","x"]]',
    '[["BAcme","client",""]]',
]


@pytest.fixture
def draft(northlight, ada) -> Import:
    a_retainer(northlight, starts="2027-01-01")
    ada.post("/imports/", {"file": SimpleUploadedFile("week.csv", WEEK)})
    return Import.objects.get()


@pytest.mark.parametrize("routes", BROKEN, ids=[text[:20] for text in BROKEN])
def test_routes_that_cannot_be_read_are_refused_and_the_page_opens(draft, ada, routes) -> None:
    said = {"about": "routes", "routes": routes}
    page = ada.post(f"/imports/{draft.ref}/answers", said, follow=True)
    assert page.status_code == 200
    assert "The answer “routes” must be a list" in page.content.decode()
    again = {"about-c1": "client", "named-c1": "Acme", "to-c1": "none"}
    page = ada.post(f"/imports/{draft.ref}/answers", again, follow=True)
    assert page.status_code == 200
    draft.refresh_from_db()
    assert json.loads(draft.answers["routes"]) == [["client", "Acme", ""]]


@pytest.mark.parametrize("routes", BROKEN, ids=[text[:20] for text in BROKEN])
def test_a_file_with_routes_that_cannot_be_read_is_refused(northlight, routes) -> None:
    a_retainer(northlight)
    with pytest.raises(Refusal, match="must be a list"):
        verbs.apply(Upload("week.csv", WEEK, {"routes": routes}), northlight, by=None, now=NOW)
    assert Entry.objects.count() == 0


@pytest.mark.parametrize("name", ["__class__", "seconds", "content", "", "x" * 5_000])
def test_a_form_says_nothing_about_what_is_no_condition(draft, ada, name) -> None:
    said = {"about-1": name, "named-1": "Acme", "to-1": "none"}
    page = ada.post(f"/imports/{draft.ref}/answers", said, follow=True)
    draft.refresh_from_db()
    assert (page.status_code, draft.answers) == (200, {})


@pytest.mark.parametrize("key", ["publish", "withhold", "from", "until", "absent", "hours", "unit"])
def test_an_answer_of_5_000_digits_names_no_line(draft, ada, key) -> None:
    said = {"about": key, key: "9" * 5_000}
    page = ada.post(f"/imports/{draft.ref}/answers", said, follow=True)
    assert page.status_code == 200
    assert ada.get(f"/imports/{draft.ref}/").status_code == 200


def test_decisions_on_5_000_digits_are_none(draft, ada) -> None:
    shown = ada.get(f"/imports/{draft.ref}/").context["shown"]
    said = {"text-lines": "9" * 5_000, "text-every": "publish", "fingerprint": shown["fingerprint"]}
    assert ada.post(f"/imports/{draft.ref}/apply", said, follow=True).status_code == 200
    assert Import.objects.get().state == Import.State.APPLIED


def test_lines_are_what_may_be_a_line() -> None:
    assert lines_in("2, 5,x,-3,,200001") == {2, 5, 200_001}
    assert lines_in("9" * 5_000) == frozenset()
    assert read_routes("") == []


def test_a_stored_rule_about_nothing_known_fits_no_row(northlight) -> None:
    acme = a_retainer(northlight)
    verbs.apply(Upload("week.csv", WEEK), northlight, by=None, now=NOW)
    SourceRule.objects.create(
        source=Source.objects.get(), conditions={"__class__": ["x"]}, leaves_out=True
    )
    more = toggl("06-03 09:00 1:30 Prep call", "06-04 09:00 1:00 Notes")
    done = verbs.apply(Upload("week.csv", more), northlight, by=None, now=NOW)
    assert (done.counts["new"], done.parts.get().retainer) == (1, acme)


def test_private_words_are_saved_without_what_was_read_with_the_request(northlight, ada) -> None:
    """What somebody else changed between the request and the save stays as they left it."""
    page = ada.get("/sources/")
    assert page.status_code == 200
    Workspace.objects.filter(pk=northlight.pk).update(zone="Europe/Berlin", version=7)
    ada.post("/sources/", {"private_words": "Falcon"})
    saved = Workspace.objects.get(pk=northlight.pk)
    assert (saved.private_words, saved.zone) == ("Falcon", "Europe/Berlin")
    assert saved.version >= 7


def test_saving_private_words_writes_nothing_else(northlight, ada) -> None:

    with CaptureQueriesContext(connection) as asked:
        ada.post("/sources/", {"private_words": "Falcon"})
    (update,) = [
        query["sql"]
        for query in asked.captured_queries
        if query["sql"].startswith('UPDATE "accounts_workspace" SET') and "Falcon" in query["sql"]
    ]
    assert update.count(" = ") == 2  # the words, and WHERE


def test_a_rule_that_was_removed_meanwhile_is_not_brought_back(northlight, ada) -> None:
    acme = a_retainer(northlight)
    source = Source.objects.create(workspace=northlight, tool="toggl")
    rule = SourceRule.objects.create(source=source, conditions={"client": ["A"]}, retainer=acme)
    said = {"client": "B", "retainer": acme.ref}
    path = f"/rules/{rule.pk}/"
    page = ada.get(path)
    assert page.status_code == 200
    rule.delete()
    assert ada.post(path, said).status_code == 404
    assert SourceRule.objects.count() == 0
