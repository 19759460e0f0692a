"""The pages of an import: each step works by itself, in a browser without scripts."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hourtab.imports import drafts
from hourtab.imports.models import Import, SourceRule
from hourtab.ledger.models import Entry, Revision, Source
from hourtab.retainers.models import Retainer
from tests.builders import TOGGL, a_retainer, toggl

pytestmark = pytest.mark.django_db


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


@pytest.fixture
def retainers(northlight) -> list[Retainer]:
    return [a_retainer(northlight, name) for name in ("Acme", "Beta")]


def upload(browser, content: bytes, path: str = "/imports/", name: str = "week.csv"):
    return browser.post(path, {"file": SimpleUploadedFile(name, content)}, follow=True)


def apply(browser, answer, **more: str):
    draft = Import.objects.latest("pk")
    fields = {"fingerprint": answer.context["shown"].get("fingerprint", "-")} | more
    return browser.post(f"/imports/{draft.ref}/apply", fields, follow=True)


def test_a_file_of_all_clients_shows_each_retainer_and_is_taken_back(ada, retainers) -> None:
    shown = upload(
        ada,
        toggl(
            "06-01 09:00 1:00 Call",
            "06-01 10:00 2:00 Audit | Beta",
            "06-01 12:00 1:00 Hidden work | Rival",
        ),
    )
    page = text_of(shown)
    assert [part["name"] for part in shown.context["shown"]["parts"]] == [
        "Acme, Coaching",
        "Beta, Coaching",
    ]
    assert "client “Rival”, project “Programme”" in page
    done = apply(ada, shown)
    assert "Undo this import" in text_of(done)
    assert "Hidden work" not in text_of(done)
    assert Entry.objects.filter(is_withdrawn=False).count() == 2
    assert "<dt>Time worked</dt><dd>Duration</dd>" in text_of(done)
    assert '<span class="quiet small">Toggl · ' in text_of(ada.get("/imports/"))
    ada.post(f"/imports/{Import.objects.get().ref}/undo")
    assert Entry.objects.filter(is_withdrawn=False).count() == 0


def test_where_a_client_goes_is_chosen_in_a_list_and_remembered(ada, retainers) -> None:
    acme, beta = retainers
    content = toggl("06-01 09:00 1:00 Call | Umbrella", "06-01 10:00 2:00 Audit | Initech")
    upload(ada, content)
    draft = Import.objects.get()
    fields = {
        "about-c1": "client",
        "named-c1": "Initech",
        "to-c1": beta.ref,
        "about-c2": "client",
        "named-c2": "Umbrella",
        "to-c2": acme.ref,
    }
    shown = ada.post(f"/imports/{draft.ref}/answers", fields, follow=True)
    assert {part["name"]: part["counts"]["new"] for part in shown.context["shown"]["parts"]} == {
        "Acme, Coaching": 1,
        "Beta, Coaching": 1,
    }
    apply(ada, shown)
    assert SourceRule.objects.filter(is_answer=True).count() == 2
    again = upload(ada, content)
    assert again.context["shown"]["counts"]["unchanged"] == 2


def test_columns_are_named_once_for_a_table_nobody_knows(ada, retainers) -> None:
    content = b"Wann genau;Wie lange so;Wof\xc3\xbcr\n2027-06-03;1:30;Planung\n"
    path = f"/retainers/{retainers[0].ref}/import"
    asked = upload(ada, content, path)
    assert asked.context["shown"]["key"] == "column.date"
    assert "Planung" in text_of(asked)
    ref = Import.objects.get().ref
    asked = ada.post(
        f"/imports/{ref}/answers",
        {"about": "column.date", "column.date": "Wann genau"},
        follow=True,
    )
    assert asked.context["shown"]["key"] == "column.duration"
    shown = ada.post(
        f"/imports/{ref}/answers",
        {"about": "column.duration", "column.duration": "Wie lange so"},
        follow=True,
    )
    assert shown.context["shown"]["counts"]["new"] == 1
    columns = {
        "was.column.description": "-",
        "column.description": "Wofür",
        "was.column.date": "Wann genau",
        "column.date": "Wann genau",
    }
    apply(ada, ada.post(f"/imports/{ref}/answers", columns, follow=True))
    assert Revision.objects.get().description == "Planung"
    again = upload(ada, content + b"2027-06-04;0:30;Mehr\n", path)
    assert (
        again.context["shown"]["counts"] | {"read": 2, "new": 1, "unchanged": 1}
        == again.context["shown"]["counts"]
    )
    source = Source.objects.get()
    told = text_of(ada.get(f"/sources/{source.pk}/"))
    assert "Wie lange so" in told
    ada.post(f"/sources/{source.pk}/forget")
    assert upload(ada, content, path).context["shown"]["kind"] == "question"


def test_a_row_that_cannot_be_read_may_be_left_out_and_the_import_says_so_for_ever(
    ada, retainers
) -> None:
    content = toggl("06-01 09:00 1:00 Call", "06-02 09:00 1:00 Broken").replace(
        b"2027-06-02,09", b"2027-13-02,09"
    )
    shown = upload(ada, content, f"/retainers/{retainers[0].ref}/import")
    assert "2027-13-02" in text_of(shown)
    assert "Leave out every row that cannot be read" in text_of(shown)
    ref = Import.objects.get().ref
    apply(
        ada,
        ada.post(
            f"/imports/{ref}/answers",
            {"about": "unreadable", "unreadable": "leave_out"},
            follow=True,
        ),
    )
    assert "left out by choice: line 3, column Start date" in text_of(ada.get(f"/imports/{ref}/"))


def test_each_text_to_look_at_is_decided_with_the_apply(ada, retainers) -> None:
    rows = toggl(
        "06-01 09:00 1:00 Wrote to jo@acme.example",
        "06-01 10:00 1:00 Called +49 170 1234567",
        "06-01 11:00 1:00 Fine",
    )
    shown = upload(ada, rows, f"/retainers/{retainers[0].ref}/import")
    assert text_of(shown).count(' required> <label class="choice" for="publish-') == 2
    refused = apply(ada, shown)
    assert "Is it to be shown to your client" in text_of(refused)
    assert not Entry.objects.exists()
    apply(ada, shown, **{"text-lines": "2,3", "text-2": "publish", "text-3": "withhold"})
    assert sorted(Revision.objects.values_list("description", flat=True)) == [
        "Fine",
        "Wrote to jo@acme.example",
    ]


def test_a_rule_is_tried_saved_raised_and_removed(ada, retainers) -> None:
    apply(ada, upload(ada, toggl("06-01 09:00 1:00 Travel", "06-01 10:00 2:00 Workshop")))
    source = Source.objects.get()
    add = f"/sources/{source.pk}/rules/add"
    fields = {"text": "travel", "scope": "courtesy", "retainer": "", "billable": "", "category": ""}
    tried = text_of(ada.post(add, fields | {"try": "1"}))
    assert (
        "Of the 2 rows of week.csv that are in the log, 1 would go elsewhere or count otherwise."
        in tried
    )
    assert not SourceRule.objects.exists()
    assert "Say at least one thing that must hold" in text_of(ada.post(add, fields | {"text": ""}))
    assert "Say what follows" in text_of(ada.post(add, fields | {"scope": ""}))
    ada.post(add, fields)
    ada.post(
        add,
        fields
        | {"text": "", "client": "Beta\nBeta Ltd", "retainer": retainers[1].ref, "scope": ""},
    )
    first, second = SourceRule.objects.all()
    assert second.conditions == {"client": ["Beta", "Beta Ltd"]}
    ada.post(f"/rules/{second.pk}/raise")
    assert [rule.pk for rule in SourceRule.objects.all()] == [second.pk, first.pk]
    ada.post(f"/rules/{first.pk}/", fields | {"text": "journey"})
    assert SourceRule.objects.get(pk=first.pk).conditions == {"text": ["journey"]}
    ada.post(f"/rules/{second.pk}/remove")
    assert SourceRule.objects.count() == 1
    assert "journey" in text_of(ada.get(f"/sources/{source.pk}/"))


def test_a_rule_never_names_a_retainer_of_another_workspace(ada, retainers, olga) -> None:
    theirs = a_retainer(olga.member.workspace, "Theirs")
    source = Source.objects.create(workspace=retainers[0].workspace, tool="toggl")
    fields = {"text": "x", "scope": "", "retainer": theirs.ref, "billable": "", "category": ""}
    assert ada.post(f"/sources/{source.pk}/rules/add", fields).status_code == 422
    assert not SourceRule.objects.exists()


def test_private_words_are_kept_and_checked(ada, retainers) -> None:
    ada.post("/sources/", {"private_words": "Falcon\nMerger"})
    shown = upload(
        ada, toggl("06-01 09:00 1:00 merger plan"), f"/retainers/{retainers[0].ref}/import"
    )
    assert "is on your list of private words" in text_of(shown)


def a_long_file(rows: int = 5_200) -> bytes:
    lines = (
        f"Mara,m@x.example,Acme,P,,Line {i},Yes,2027-06-{i % 20 + 1:02d},09:00:00,,,00:06:00,,"
        for i in range(rows)
    )
    return "\n".join([TOGGL, *lines]).encode()


def test_a_long_file_is_left_to_the_worker_in_both_steps(ada, retainers) -> None:
    waiting = upload(ada, a_long_file(), f"/retainers/{retainers[0].ref}/import")
    assert "Waiting for its turn" in text_of(waiting)
    draft = Import.objects.get()
    assert draft.task == "examine"
    assert drafts.work_on_files(timezone.now()) == 1
    shown = ada.get(f"/imports/{draft.ref}/")
    assert shown.context["shown"]["counts"]["new"] == 5_200
    apply(ada, shown)
    assert not Entry.objects.exists()
    assert drafts.work_on_files(timezone.now()) == 1
    assert Entry.objects.count() == 5_200
    draft.refresh_from_db()
    assert (draft.state, draft.task, draft.content, draft.preview) == ("applied", "", None, None)
    assert "New lines" in text_of(ada.get(f"/imports/{draft.ref}/"))
    assert drafts.work_on_files(timezone.now()) == 0
    assert "being taken back" in text_of(ada.post(f"/imports/{draft.ref}/undo", follow=True))
    assert Entry.objects.filter(is_withdrawn=False).count() == 5_200
    assert drafts.work_on_files(timezone.now()) == 1
    assert Entry.objects.filter(is_withdrawn=False).count() == 0
    assert "undone" in text_of(ada.get(f"/imports/{draft.ref}/"))


def test_a_long_file_with_a_question_asks_it_and_goes_on(ada, retainers) -> None:
    upload(
        ada,
        a_long_file().replace(b",Acme,", b",Umbrella,"),
        f"/retainers/{retainers[0].ref}/import",
    )
    drafts.work_on_files(timezone.now())
    draft = Import.objects.get()
    assert draft.preview["key"] == "client"
    ada.post(f"/imports/{draft.ref}/answers", {"about": "client", "client": "Umbrella"})
    drafts.work_on_files(timezone.now())
    assert ada.get(f"/imports/{draft.ref}/").context["shown"]["counts"]["new"] == 5_200


def test_what_a_worker_that_died_left_is_taken_up_when_its_lease_is_over_and_given_up_in_the_end(
    ada, retainers
) -> None:
    upload(ada, a_long_file(), f"/retainers/{retainers[0].ref}/import")
    now = timezone.now()
    Import.objects.update(leased_until=now + timedelta(minutes=4))
    assert drafts.work_on_files(now) == 0
    Import.objects.update(leased_until=now - timedelta(seconds=1))
    assert drafts.work_on_files(now) == 1
    assert Import.objects.get().preview["kind"] == "preview"
    Import.objects.update(task="examine", progress={"attempts": 3})
    drafts.work_on_files(timezone.now())
    assert "could not be worked on" in Import.objects.get().problem


def test_a_preview_made_before_the_log_changed_is_not_applied(ada, retainers) -> None:
    upload(ada, a_long_file(), f"/retainers/{retainers[0].ref}/import")
    drafts.work_on_files(timezone.now())
    draft = Import.objects.get()
    shown = ada.get(f"/imports/{draft.ref}/")
    apply(ada, upload(ada, a_long_file(10), f"/retainers/{retainers[0].ref}/import"))
    ada.post(f"/imports/{draft.ref}/apply", {"fingerprint": shown.context["shown"]["fingerprint"]})
    drafts.work_on_files(timezone.now())
    draft.refresh_from_db()
    assert (draft.state, draft.task) == ("draft", "examine")
    assert "The log has changed since this preview was made" in draft.problem


def test_a_waiting_page_does_not_read_the_file(ada, retainers) -> None:
    waiting = upload(ada, a_long_file(), f"/retainers/{retainers[0].ref}/import")
    assert b"Waiting" in waiting.content
    ref = Import.objects.get().ref
    with CaptureQueriesContext(connection) as queries:
        ada.get(f"/imports/{ref}/")
    asked = [query["sql"] for query in queries if '"imports_import"' in query["sql"]]
    assert len(asked) == 1
    assert '"imports_import"."content"' not in asked[0]


def test_a_viewer_sees_a_preview_and_cannot_apply_it(ria, ada, retainers) -> None:
    upload(ada, toggl("06-01 09:00 1:00 Call"))
    ref = Import.objects.get().ref
    page = text_of(ria.get(f"/imports/{ref}/"))
    assert "Row by row" in page
    assert ">Apply<" not in page
    assert ria.post(f"/imports/{ref}/apply").status_code == 403
    assert ria.post("/imports/", {"text": "x"}).status_code == 403
