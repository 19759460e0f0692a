"""A preview is made once, and anew when what it depends on has changed."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from hourtab.imports.models import Import, SourceRule
from hourtab.ledger.models import Source
from tests.builders import a_retainer, log, toggl

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme(northlight):
    return a_retainer(northlight, starts="2027-01-01")


@pytest.fixture
def draft(acme, ada) -> Import:
    week = toggl("06-03 09:00 1:30 Prep call")
    ada.post("/imports/", {"file": SimpleUploadedFile("week.csv", week)})
    return Import.objects.get()


def shown(ada, draft) -> dict:
    return ada.get(f"/imports/{draft.ref}/").context["shown"]


def test_a_preview_is_shown_again_without_reading_the_file(draft, ada) -> None:
    first = shown(ada, draft)
    Import.objects.update(content=b"nothing that can be read")
    assert shown(ada, draft) == first
    assert first["counts"]["new"] == 1


def test_a_line_that_was_logged_meanwhile_is_in_the_next_preview(acme, draft, ada) -> None:
    before = shown(ada, draft)
    log(acme, "2027-06-03", "1:30")
    after = shown(ada, draft)
    whys = [" ".join(why for _line, why in flags["flags"]) for flags in (before, after)]
    assert ["logged by hand" in why for why in whys] == [False, True]


def test_a_rule_or_a_client_that_was_changed_meanwhile_is_followed(acme, draft, ada) -> None:
    shown(ada, draft)
    source = Source.objects.create(workspace=acme.workspace, tool="toggl")
    rule = SourceRule.objects.create(
        source=source, conditions={"client": ["Acme"]}, leaves_out=True
    )
    assert shown(ada, draft)["counts"]["new"] == 0
    rule.delete()
    assert shown(ada, draft)["counts"]["new"] == 1
    type(acme.client).objects.update(name="Umbrella")
    assert shown(ada, draft)["counts"]["new"] == 0


def test_a_file_is_looked_at_anew_with_every_answer(draft, ada) -> None:
    assert shown(ada, draft)["window"] == ["2027-06-03", "2027-06-03"]
    said = {"about": "from", "from": "2027-06-01"}
    page = ada.post(f"/imports/{draft.ref}/answers", said, follow=True)
    assert page.context["shown"]["window"] == ["2027-06-01", "2027-06-03"]
