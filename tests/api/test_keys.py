"""Keys: shown once, scoped, expiring, never more than their member, and what programs do with
them.
"""

import json
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile

from hourtab.accounts.models import Event, Member
from hourtab.api import access
from hourtab.api.models import ApiKey
from hourtab.api.services import make_key
from hourtab.ledger.models import Entry
from hourtab.team import services as team
from tests.builders import NOW, a_retainer, toggl
from tests.conftest import _member
from tests.mailbox import subject_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    access.wrong_keys.seen.clear()
    access.calls.seen.clear()
    with time_machine.travel(NOW, tick=False):
        yield


def key_of(person, scopes=("log", "import"), lasts=timedelta(days=30)) -> str:
    return make_key(person.member, "Laptop", scopes, lasts, now=NOW)[1]


def say(carl, key: str, body, path: str = "/api/v1/log"):
    body = body if isinstance(body, str | bytes) else json.dumps(body)
    return carl.post(
        path, body, content_type="application/json", headers={"authorization": f"Bearer {key}"}
    )


def test_a_key_is_shown_once_and_kept_as_a_digest(northlight, ben) -> None:
    page = ben.post("/keys", {"name": "Laptop", "scopes": ["log"], "lasts": "90"})
    key = page.content.decode().partition('value="ht_')[2].partition('"')[0]
    assert len(key) == 43
    row = ApiKey.objects.get()
    assert (row.scopes, row.expires_at, row.hint) == (
        ["log"],
        NOW + timedelta(days=90),
        f"ht_{key[:5]}",
    )
    assert key not in ben.get("/keys").content.decode()
    assert not any(key in str(value) for value in ApiKey.objects.values().get().values())
    event = Event.objects.get(kind="key_made")
    assert (event.who, key in event.about) == ("Ben", False)


def test_who_has_a_new_key_is_told_by_mail(northlight, ben, mailbox) -> None:
    user = ben.member.user
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    ben.post("/keys", {"name": "Laptop\r\nBcc: eve@evil.example", "scopes": ["log"], "lasts": "90"})
    (mail,) = mailbox.mails
    assert (subject_of(mail), mail["To"], mail["Bcc"]) == ("New key for HourTab", user.email, None)
    assert "A key “Laptop Bcc: eve@evil.example” was made in Northlight" in text_of(mail)
    assert "ht_" not in text_of(mail)


def test_a_program_logs_in_the_name_of_its_member(northlight, ben, carl) -> None:
    retainer = a_retainer(northlight)
    answer = say(carl, key_of(ben), {"line": "Prep: notes, 45m @acme", "category": "Prep"})
    assert answer.status_code == 201
    said = answer.json()
    assert (said["ref"], said["seconds"], said["category"]) == (retainer.ref, 2700, "Prep")
    assert said["headline"] == "45 m of 20 h used · 19 h 15 m remain"
    revision = Entry.objects.get().revisions.get()
    assert (revision.write.by, revision.person) == (ben.member, "Ben")
    assert ApiKey.objects.get().used_at == NOW


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ("{", 400, "Send JSON like"),
        ('"x"', 400, "Send JSON like"),
        ({"retainer": "x"}, 400, "Send JSON like"),
        ({"line": 5}, 400, "Send JSON like"),
        ({"line": "x, 1h", "scope": "internal"}, 400, "no field “scope”"),
        ({"line": "x" * 1001}, 400, "at most 1000 characters"),
        ('{"line": "\\ud800, 1h @acme"}', 400, "line is a text"),
        (b"\xff\xfe", 400, "Send JSON like"),
        ("[" * 100_000, 400, "Send JSON like"),
        ({"line": "Call, 1h", "retainer": "nothing"}, 404, "There is no retainer"),
        ({"line": "Call, 1h", "retainer": "a\x00b"}, 404, "There is no retainer"),
        ({"line": "Call @acme"}, 422, ""),
        ({"line": "Call, 1h @other"}, 422, ""),
    ],
)
def test_bad_input_gets_a_sentence_and_stores_nothing(
    northlight, ben, carl, body, status, sentence
) -> None:
    a_retainer(northlight)
    answer = say(carl, key_of(ben), body)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]
    assert not Entry.objects.exists()


def test_a_key_that_does_not_stand_opens_nothing(northlight, ada, ben, carl) -> None:
    a_retainer(northlight)
    line = {"line": "Call, 1h @acme"}
    key = key_of(ben)
    for wrong in ("", "ht_", "ht_" + "A" * 43, key[:-1], key + "A", key.upper(), "ht_" + "é" * 43):
        answer = (
            say(carl, wrong, line)
            if wrong.isascii()
            else say(carl, wrong.encode().decode("latin-1"), line)
        )
        assert answer.status_code == 401, wrong
        assert answer["WWW-Authenticate"] == "Bearer"
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        assert say(carl, key, line).status_code == 401
    ben.post(f"/keys/{ApiKey.objects.get().pk}/revoke")
    assert say(carl, key, line).status_code == 401
    assert not Entry.objects.exists()


def test_a_key_does_no_more_than_its_scope_and_its_member(northlight, ada, ben, carl) -> None:
    mine, other = a_retainer(northlight), a_retainer(northlight, "Beta")
    answer = say(carl, key_of(ben, ["import"]), {"line": "Call, 1h @acme"})
    assert (answer.status_code, "Log time" in answer.json()["error"]) == (403, True)
    key = key_of(ben)
    team.change_member(ben.member, "editor", [mine.client_id])
    assert say(carl, key, {"line": "Call, 1h", "retainer": other.ref}).status_code == 404
    assert say(carl, key, {"line": "Call, 1h @beta"}).status_code == 422
    assert say(carl, key, {"line": "Call, 1h @acme"}).status_code == 201
    team.change_member(ben.member, "viewer", None)
    assert say(carl, key, {"line": "Call, 1h @acme"}).status_code == 403
    northlight.requires_second_factor = True
    northlight.save()
    team.change_member(ben.member, "editor", None)
    assert "second factor" in say(carl, key, {"line": "Call, 1h @acme"}).json()["error"]
    assert Entry.objects.count() == 1


def test_a_key_ends_with_the_membership_and_does_not_come_back_with_it(
    northlight, ada, ben, carl
) -> None:
    a_retainer(northlight)
    key = key_of(ben)
    team.end_membership(ben.member, now=NOW, by=ada.member)
    assert say(carl, key, {"line": "Call, 1h @acme"}).status_code == 401
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        row = team.invite(
            northlight,
            ben.member.user.email,
            "editor",
            None,
            by=ada.member,
            now=NOW + timedelta(hours=1),
        )
        team.accept(row, ben.member.user, now=NOW + timedelta(hours=1))
        assert Member.objects.get(pk=ben.member.pk).left_at is None
        assert say(carl, key, {"line": "Call, 1h @acme"}).status_code == 401


def test_an_editor_sees_their_own_keys_and_an_owner_everybodys(northlight, ada, ben, olga) -> None:
    key_of(ada)
    pk = ApiKey.objects.get().pk
    assert "There is none." in ben.get("/keys").content.decode()
    assert ben.post(f"/keys/{pk}/revoke").status_code == 404
    assert olga.post(f"/keys/{pk}/revoke").status_code == 404
    key_of(ben)
    assert "Ben" in ada.get("/keys").content.decode()
    ada.post(f"/keys/{ApiKey.objects.get(member=ben.member).pk}/revoke")
    assert ApiKey.objects.get(member=ben.member).revoked_at == NOW


def test_the_session_of_a_browser_opens_nothing_here(northlight, ada) -> None:
    a_retainer(northlight)
    assert (
        ada.post(
            "/api/v1/log", '{"line": "Call, 1h @acme"}', content_type="application/json"
        ).status_code
        == 401
    )


def test_wrong_keys_and_too_many_calls_have_to_wait(northlight, ben, carl) -> None:
    for _ in range(30):
        assert say(carl, "ht_" + "A" * 43, {}).status_code == 401
    answer = say(carl, "ht_" + "B" * 43, {"line": "x"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "60")
    right = key_of(ben)
    answers = [say(carl, right, {"line": "x"}).status_code for _ in range(121)]
    assert 429 not in answers[:120], "a key that stands is not refused for what others tried"
    assert answers[120] == 429


def test_a_program_brings_files_in(northlight, ben, carl) -> None:
    a_retainer(northlight)
    header = {"headers": {"authorization": f"Bearer {key_of(ben)}"}}
    file = toggl("06-03 09:00 1:30 Prep call", "06-04 09:00 1:00 Other | Beta")

    def send(**more):
        return carl.post(
            "/api/v1/imports", {"file": SimpleUploadedFile("week.csv", file), **more}, **header
        )

    dry = send(dry_run="yes")
    assert (dry.status_code, dry.json()["report"]["rows"]["new"], Entry.objects.count()) == (
        200,
        1,
        0,
    )
    done = send()
    assert (done.status_code, done.json()["report"]["seconds"]["new"]) == (200, 5400)
    assert Entry.objects.get().revisions.get().write.by == ben.member
    again = send()
    assert again.json()["report"]["rows"]["unchanged"] == 1
    assert carl.post("/api/v1/imports", {}, **header).status_code == 400
    assert send(retainer="nothing").status_code == 404
    assert send(answer="nonsense").status_code == 400
    refused = carl.post(
        "/api/v1/imports", {"file": SimpleUploadedFile("x.csv", b"\x00\x01")}, **header
    )
    assert (refused.status_code, refused.json()["report"]["outcome"]) == (422, "refuse")
    private = toggl("06-05 09:00 1:00 Mail to jane@acme.example")
    asked = carl.post("/api/v1/imports", {"file": SimpleUploadedFile("y.csv", private)}, **header)
    assert (asked.status_code, asked.json()["report"]["questions"][0]["key"]) == (409, "publish")


def test_who_sees_some_clients_alone_brings_no_files_in(northlight, carl) -> None:
    retainer = a_retainer(northlight)
    dora = _member(northlight, "dora", "editor")
    team.change_member(dora.member, "editor", [retainer.client_id])
    key = key_of(dora)
    header = {"headers": {"authorization": f"Bearer {key}"}}
    file = SimpleUploadedFile("week.csv", toggl("06-03 09:00 1:30 Prep call"))
    assert (
        carl.post("/api/v1/imports", {"file": file, "retainer": retainer.ref}, **header).status_code
        == 403
    )
