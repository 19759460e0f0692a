"""The provider's pages, as forms and rows."""

from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hourtab.accounts.models import Member
from hourtab.core.amounts import HOUR
from hourtab.imports.models import Import
from hourtab.ledger.models import Entry, Revision, TopUp
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from tests.builders import NOW, a_retainer, log, toggl

pytestmark = pytest.mark.django_db

OPEN = {
    "client": "Acme",
    "name": "Coaching",
    "hours": "20",
    "starts_on": "2027-06-01",
    "stub": "full",
    "cadence": "month",
    "rollover": "0",
    "overage": "ask",
    "rounding": "0",
    "zone": "Europe/Berlin",
    "rollover_max": "",
    "rate": "",
    "categories": "Session, Session prep",
    "reset_day": "",
}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def text_of(answer) -> str:
    return answer.content.decode().replace("\u00a0", " ")


def test_opening_a_retainer_ends_on_its_link(ada) -> None:
    answer = ada.post("/retainers/open", OPEN, follow=True)
    retainer = Retainer.objects.get()
    assert ShareLink.objects.get().token in text_of(answer)
    assert retainer.terms.get().cap == 20 * HOUR
    assert [category.name for category in retainer.categories.all()] == ["Session", "Session prep"]
    assert retainer.zone == "Europe/Berlin"


def test_a_reset_day_anchors_the_cycles_and_makes_a_stub(ada) -> None:
    ada.post(
        "/retainers/open", OPEN | {"reset_day": "31", "stub": "prorated", "starts_on": "2027-06-20"}
    )
    terms = Retainer.objects.get().terms.get()
    assert (terms.anchor_on, terms.stub) == (date(2027, 5, 31), "prorated")
    assert Retainer.objects.get().calendar().cycle_of(date(2027, 6, 20)).ends_on == date(
        2027, 6, 29
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"hours": "-5"}, "is negative"),
        ({"hours": "0"}, "more than 0"),
        ({"hours": "9999999"}, "longer than"),
        ({"hours": "many"}, "is not a duration"),
        ({"starts_on": "2027-02-30"}, "not a date in the calendar"),
        ({"starts_on": "0001-01-01"}, "must lie between"),
        ({"zone": "Mars/Olympus"}, "not one of the available choices"),
        ({"reset_day": "32"}, "less than or equal to 31"),
        ({"reset_day": "5", "cadence": "week"}, "goes with months"),
        ({"client": ""}, "required"),
        ({"client": "x" * 121}, "at most 120"),
        ({"rate": "lots"}, "Write a price like"),
        ({"rollover_max": "1:75"}, "more than 59"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_stored(ada, change, sentence) -> None:
    answer = ada.post("/retainers/open", OPEN | change)
    assert sentence in text_of(answer)
    assert "errorlist" in text_of(answer)
    assert not Retainer.objects.exists()


def test_the_quick_line_logs_and_offers_a_way_back(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    answer = ada.post("/log", {"line": "Call with Ben, 45m @acme yesterday"}, follow=True)
    entry = Entry.objects.get()
    assert "45 m on 21 June for Acme, Coaching: Call with Ben" in text_of(answer)
    assert f"/retainers/{retainer.ref}/entries/{entry.pk}/withdraw" in text_of(answer)
    ada.post(f"/retainers/{retainer.ref}/entries/{entry.pk}/withdraw")
    assert Entry.objects.get().is_withdrawn


def test_a_quick_line_that_is_not_understood_comes_back_with_the_reason(ada, northlight) -> None:
    a_retainer(northlight)
    answer = ada.post("/log", {"line": "Call <b> @acme 3/4"}, follow=True)
    assert "could be two dates" in text_of(answer)
    assert 'value="Call &lt;b&gt; @acme 3/4"' in text_of(answer)
    assert not Entry.objects.exists()


def test_the_text_before_a_colon_becomes_a_category_when_the_user_says_so(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    answer = ada.post("/log", {"line": "Vendor A: weekly call, 45m @acme"}, follow=True)
    assert "Is “Vendor A” a kind of work?" in text_of(answer)
    ada.post(f"/retainers/{retainer.ref}/entries/{Entry.objects.get().pk}/know-category")
    latest = Revision.objects.order_by("-number").first()
    assert (latest.category, latest.description) == ("Vendor A", "weekly call")
    ada.post("/log", {"line": "vendor a: again, 45m @acme"})
    assert Revision.objects.order_by("-pk").first().category == "Vendor A"


def test_today_puts_what_needs_a_word_first(ada, northlight) -> None:
    for client, amount in (("Calm", "2h"), ("Near", "17h"), ("Over", "25h")):
        log(a_retainer(northlight, client), "2027-06-21", amount)
    log(a_retainer(northlight, "Stale", starts="2027-05-10"), "2027-05-11", "1h")
    page = text_of(ada.get("/"))
    moves = page[page.index("Needs a word now") : page.index("All retainers")]
    assert [name for name in ("Over", "Near", "Stale", "Calm") if f"{name}, Coaching" in moves] == [
        "Over",
        "Near",
        "Stale",
    ]
    assert moves.index("Over,") < moves.index("Near,") < moves.index("Stale,")
    assert "5 h over. Agree on it before more work is done." in moves
    assert "3 h left" in moves
    assert "Nothing logged since 11 May" in moves


def test_today_asks_the_database_the_same_number_of_times_however_many_there_are(
    ada, northlight
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ada.get("/")
        return len(seen)

    for i in range(3):
        log(a_retainer(northlight, f"Client {i}"), "2027-06-21", "1h")
    few = queries()
    for i in range(3, 12):
        log(a_retainer(northlight, f"Client {i}"), "2027-06-21", "1h")
    # session, user, membership, transaction (2), retainers, terms, pauses, cycles, links, newest
    # entries
    assert queries() == few <= 13


def test_the_log_form_edits_and_keeps_the_history(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    fields = {
        "on": "2027-06-03",
        "amount": "1:30",
        "description": "Call",
        "category": "",
        "person": "",
        "scope": "retainer",
    }
    ada.post(f"/retainers/{retainer.ref}/log", fields)
    entry = Entry.objects.get()
    edit = f"/retainers/{retainer.ref}/entries/{entry.pk}/edit"
    answer = ada.post(
        edit, fields | {"amount": "2h", "reason": "Forgot the minutes", "seen": "1"}, follow=True
    )
    assert "Changed. Your client sees what was changed, and why." in text_of(answer)
    late = ada.post(edit, fields | {"amount": "3h", "reason": "", "seen": "1"})
    assert "changed in the meantime" in text_of(late)
    history = text_of(ada.get(f"/retainers/{retainer.ref}/entries/{entry.pk}"))
    assert "Forgot the minutes" in history
    assert "1 h 30 m" in history
    assert Revision.objects.count() == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"on": "2027-05-01"}, "The retainer starts on"),
        ({"on": "9999-12-31"}, "must lie between"),
        ({"amount": "-1"}, "is negative"),
        ({"amount": "1:5"}, "could mean"),
        ({"amount": "0"}, "more than 0"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_beside_its_field(
    ada, northlight, change, sentence
) -> None:
    retainer = a_retainer(northlight)
    fields = {
        "on": "2027-06-03",
        "amount": "1:30",
        "description": "Call",
        "scope": "retainer",
    } | change
    answer = ada.post(f"/retainers/{retainer.ref}/log", fields)
    assert sentence in text_of(answer)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    "path", ["/log", "/retainers/open", "/retainers/{ref}/log", "/retainers/{ref}/top-up"]
)
def test_a_form_sent_twice_is_stored_once(ada, northlight, path) -> None:
    retainer = a_retainer(northlight, "Northwind")
    fields = {
        "/log": {"line": "Call, 45m @northwind"},
        "/retainers/open": OPEN,
        "/retainers/{ref}/log": {
            "on": "2027-06-03",
            "amount": "1:30",
            "description": "Call",
            "scope": "retainer",
        },
        "/retainers/{ref}/top-up": {"amount": "5", "kind": "topup", "on": "2027-06-03"},
    }[path] | {"once": "the same rendering"}
    ada.post(path.format(ref=retainer.ref), fields)
    answer = ada.post(path.format(ref=retainer.ref), fields, follow=True)
    assert "This form was sent twice. It was taken once." in text_of(answer)
    assert (
        Entry.objects.count()
        + TopUp.objects.count()
        + Retainer.objects.exclude(pk=retainer.pk).count()
        == 1
    )
    page = (
        "/retainers/open"
        if "open" in path
        else "/"
        if path == "/log"
        else path.format(ref=retainer.ref)
    )
    assert 'name="once"' in text_of(ada.get(page))


def test_a_file_is_applied_once_and_can_be_taken_back(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    file = SimpleUploadedFile("week.csv", toggl("06-01 09:00 1:30 Call", "06-02 09:00 2:00 Notes"))
    preview = ada.post(f"/retainers/{retainer.ref}/import", {"file": file}, follow=True)
    assert "3 h 30 m" in text_of(preview)
    draft = Import.objects.get()
    fingerprint = preview.context["shown"]["fingerprint"]
    for _ in range(2):
        ada.post(f"/imports/{draft.ref}/apply", {"fingerprint": fingerprint})
    assert Entry.objects.count() == 2
    result = text_of(ada.get(f"/imports/{draft.ref}/"))
    assert "New lines" in result
    ada.post(f"/imports/{draft.ref}/undo", follow=True)
    assert Entry.objects.filter(is_withdrawn=False).count() == 0


def test_a_preview_of_a_file_with_a_question_asks_it(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    file = SimpleUploadedFile(
        "week.csv", toggl("06-01 09:00 1:30 Call | Acme Corp", "06-01 10:00 1:00 Secret | Rival")
    )
    asked = text_of(ada.post(f"/retainers/{retainer.ref}/import", {"file": file}, follow=True))
    assert "Which client of the file is Acme?" in asked
    answers = {"about": "client", "client": "Acme Corp"}
    shown = text_of(ada.post(f"/imports/{Import.objects.get().ref}/answers", answers, follow=True))
    assert "client “Rival”" in shown
    assert 'name="all_rows"' in asked
    every = ada.post(
        f"/imports/{Import.objects.get().ref}/answers",
        {"about": ["all_rows", "client"], "all_rows": "yes"},
        follow=True,
    )
    assert every.context["counts"]["new"] == 2
    ada.post(
        f"/imports/{Import.objects.get().ref}/apply",
        {"fingerprint": every.context["shown"]["fingerprint"]},
    )
    assert Entry.objects.count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"Name,Age\nJo,3", "not a report of hours"),
        (b"PK\x03\x04", "This workbook cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_beside_its_field(ada, northlight, content, sentence) -> None:
    retainer = a_retainer(northlight)
    answer = ada.post(
        f"/retainers/{retainer.ref}/import", {"file": SimpleUploadedFile("x.csv", content)}
    )
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Import.objects.exists()


def test_rows_can_be_pasted(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    text = toggl("06-01 09:00 1:30 Call").decode("utf-8-sig").replace(",", "\t")
    assert "1 h 30 m" in text_of(
        ada.post(f"/retainers/{retainer.ref}/import", {"text": text}, follow=True)
    )


def test_hours_are_added_from_a_form(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    fields = {"amount": "5", "kind": "goodwill", "on": "2027-06-03", "until": "", "reason": "Sorry"}
    ada.post(f"/retainers/{retainer.ref}/top-up", fields)
    assert TopUp.objects.get().kind == "goodwill"
    assert "0 of 25 h used" in text_of(ada.get(f"/retainers/{retainer.ref}/"))
    assert "before the cycle they are for" in text_of(
        ada.post(f"/retainers/{retainer.ref}/top-up", fields | {"until": "2027-01-01"})
    )


def test_added_hours_can_be_agreed_never_to_expire(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    fields = {"amount": "5", "kind": "topup", "on": "2027-06-03", "is_forever": "on"}
    path = f"/retainers/{retainer.ref}/top-up"
    assert "not both" in text_of(ada.post(path, fields | {"until": "2027-12-31"}))
    ada.post(path, fields)
    assert TopUp.objects.get().is_forever
    assert "for ever" in text_of(ada.get(f"/retainers/{retainer.ref}/cycles"))


def test_links_are_made_changed_rotated_and_revoked(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    ada.post(f"/retainers/{retainer.ref}/links/add", {"label": "For the CFO", "shows_people": "on"})
    link = ShareLink.objects.get()
    assert (link.label, link.shows_people, link.shows_categories, link.created_by) == (
        "For the CFO",
        True,
        False,
        Member.objects.get(),
    )
    ada.post(f"/links/{link.pk}/change", {"label": "", "hour_format": "decimal"})
    assert ShareLink.objects.get().hour_format == "decimal"
    ada.post(f"/links/{link.pk}/rotate")
    assert ShareLink.objects.get().token != link.token
    assert ada.get(f"/links/{link.pk}/qr.svg")["Content-Type"] == "image/svg+xml"
    ada.post(f"/links/{link.pk}/revoke")
    assert "No link is active" in text_of(ada.get(f"/retainers/{retainer.ref}/links"))
    assert ada.post(f"/links/{link.pk}/rotate").status_code == 404


def test_clients_and_contacts(ada, northlight) -> None:
    client = a_retainer(northlight).client
    ada.post(
        f"/clients/{client.pk}/contacts/add",
        {"name": "Carl", "email": "carl@acme.example", "role": "sponsor"},
    )
    assert "Carl" in text_of(ada.get(f"/clients/{client.pk}/"))
    wrong = ada.post(
        f"/clients/{client.pk}/contacts/add", {"name": "X", "email": "nonsense", "role": "sponsor"}
    )
    assert wrong.status_code == 422
    a_retainer(northlight, "Taken")
    assert "There is a client of that name already." in text_of(
        ada.post(f"/clients/{client.pk}/rename", {"name": "Taken"})
    )
    ada.post(f"/clients/{client.pk}/rename", {"name": "Acme Group"})
    assert "Acme Group" in text_of(ada.get("/clients/"))
    contact = client.contacts.get()
    ada.post(f"/contacts/{contact.pk}/edit", {"name": "Carla", "email": "", "role": "approver"})
    ada.post(f"/contacts/{contact.pk}/remove")
    assert not client.contacts.exists()


def test_signed_out_the_front_page_says_what_this_is_and_opens_the_demo(carl, db) -> None:
    from hourtab.demo.filling import fill

    assert "How many hours do I have left?" in text_of(carl.get("/"))
    assert "/demo" not in text_of(carl.get("/"))
    _, link = fill(NOW, "a password for the demo")
    assert 'href="/demo"' in text_of(carl.get("/"))
    assert carl.get("/demo")["Location"] == link.path


def test_odd_characters_and_endless_texts_never_break_a_page(ada, northlight) -> None:
    retainer = a_retainer(northlight)
    ada.post("/log", {"line": "Call\x00 with\x1f Ben \U0001f469\u200d\U0001f4bb, 45m @acme"})
    assert Revision.objects.get().description == "Call with Ben \U0001f469\u200d\U0001f4bb"
    ada.post(
        f"/retainers/{retainer.ref}/entries/{Entry.objects.get().pk}/withdraw",
        {"reason": "x\x00" * 500},
    )
    fields = {"on": "2027-06-03", "amount": "1h", "description": "x" * 6000, "scope": "retainer"}
    assert "at most 5000" in text_of(ada.post(f"/retainers/{retainer.ref}/log", fields))
    assert ada.get(f"/retainers/{retainer.ref}/?cycle=%00&page=99999999999").status_code == 200
    assert ada.get("/clients/99999999999999999999/").status_code == 404
