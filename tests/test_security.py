"""What a stranger, or a member of another workspace, would try. docs/security.md lists it all, and
where it is tried.
"""

import re
import time
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from hourtab.accounts.models import Event, Member, User, Workspace
from hourtab.clients.models import Contact
from hourtab.overage.models import Request
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink
from hourtab.sharing.services import share
from hourtab.team.services import invite
from tests.builders import NOW, a_retainer, log
from tests.lane.test_connection import a_server
from tests.mailbox import Mailbox, send, text_of
from tests.sharing.test_served import ask

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def test_every_place_the_document_names_is_there() -> None:
    root = Path(__file__).parent.parent
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", (root / "docs/security.md").read_text()))
    assert len(named) > 10
    assert [name for name in sorted(named) if not (root / name).exists()] == []


def test_a_form_without_its_token_does_nothing(northlight, ada) -> None:
    strict = Browser(headers={"host": "localhost"}, enforce_csrf_checks=True)
    strict.force_login(ada.member.user)
    retainer = a_retainer(northlight)
    for path, form in (
        ("/log", {"line": "Call, 45m @acme"}),
        (f"/retainers/{retainer.ref}/log", {"on": "2027-06-03", "amount": "1h"}),
        ("/settings/members", {"to": "eve@evil.example", "role": "owner"}),
        ("/leave", {}),
        ("/accounts/logout/", {}),
    ):
        assert strict.post(path, form).status_code == 403, path
        assert (
            strict.post(path, form, headers={"origin": "https://evil.example"}).status_code == 403
        ), path
    assert retainer.entries.count() == 0
    assert not northlight.invitations.exists()


def test_a_host_that_is_not_ours_is_refused_and_never_named_in_a_mail(
    carl, mailbox: Mailbox, northlight
) -> None:
    for host in (
        "evil.example",
        "localhost.evil.example",
        "evil.example:80",
        "localhost@evil.example",
    ):
        assert carl.get("/accounts/login/", headers={"host": host}).status_code == 400, host
    answer = carl.get("/accounts/login/", headers={"x-forwarded-host": "evil.example"})
    assert b"evil.example" not in answer.content
    invite(northlight, "dora@firm.example", "editor", None, by=None, now=NOW)
    send(NOW)
    assert "https://hours.example/join/" in mailbox.mails[0].as_string()


@pytest.mark.parametrize("host", ["localhost:6666", "127.0.0.1:1", "[::1]:1", "localhost"])
def test_mails_about_signing_in_lead_to_our_site_whatever_host_was_asked(
    carl, ada, mailbox: Mailbox, host
) -> None:
    for number, email in enumerate((ada.member.user.email, "nobody@nowhere.example"), 1):
        carl.post("/accounts/password/reset/", {"email": email}, headers={"host": host})
        said = text_of(mailbox.wait_for(number))
        links = re.findall(r"https?://[^\s/]+", said)
        assert links
        assert set(links) == {"https://hours.example"}
    assert re.search(
        r"https://hours.example/accounts/password/reset/key/\w+-", text_of(mailbox.mails[0])
    )


@pytest.mark.looks
def test_local_names_are_answered_only_where_the_site_is_local_but_monitors_always(
    installation,
) -> None:
    installation.open()
    installation.environment |= {"SITE_URL": "https://hours.example", "METRICS_KEY": "key"}
    with a_server(installation) as (site, port, _process):
        for host in ("localhost", f"localhost:{port}", "127.0.0.1", "[::1]"):
            assert ask(site, "/accounts/login/", host=host)[0] == 400, host
            assert ask(site, "/healthz", host=host)[0] == 200, host
            assert ask(site, "/metrics", host=host, authorization="Bearer key")[0] == 200, host
        assert ask(site, "/accounts/login/", host="hours.example")[0] == 200
        assert ask(site, "/readyz", host="10.0.0.7:8000")[0] == 200


def test_a_name_with_line_breaks_becomes_no_header(northlight, mailbox: Mailbox) -> None:
    Workspace.objects.filter(pk=northlight.pk).update(name="Northlight\r\nBcc: eve@evil.example")
    northlight.refresh_from_db()
    invite(northlight, "dora@firm.example", "editor", None, by=None, now=NOW)
    assert send(NOW) == 1
    assert mailbox.mails[0]["Bcc"] is None
    assert "eve@evil.example" not in (mailbox.mails[0]["To"], mailbox.mails[0]["Cc"])


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_other_site(carl, ada, target) -> None:
    answer = carl.post(
        f"/accounts/login/?next={target}",
        {"login": ada.member.user.email, "password": PASSWORD, "next": target},
    )
    assert answer["Location"] == "/"


def test_a_session_that_was_planted_is_not_the_one_that_is_signed_in(carl, ada) -> None:
    carl.get("/accounts/login/")
    session = carl.session
    session["planted"] = "yes"
    session.save()
    before = session.session_key
    carl.cookies["session"] = before
    carl.post("/accounts/login/", {"login": ada.member.user.email, "password": PASSWORD})
    assert carl.session.session_key != before


def test_passwords_cannot_be_tried_for_long(carl, ada) -> None:
    told = [
        carl.post("/accounts/login/", {"login": ada.member.user.email, "password": f"wrong {n}"})
        for n in range(15)
    ]
    assert told[-1].status_code == 429 or b"Too many" in told[-1].content
    late = carl.post("/accounts/login/", {"login": ada.member.user.email, "password": PASSWORD})
    assert late.status_code != 302


def test_another_port_in_the_host_gives_no_more_tries(carl, ada) -> None:
    for n in range(8):
        carl.post(
            "/accounts/login/",
            {"login": ada.member.user.email, "password": f"wrong {n}"},
            headers={"host": f"localhost:{6000 + n}"},
        )
    assert Event.objects.filter(kind="sign_in_failed").count() == 5


def test_mails_of_signing_in_begin_with_the_address_of_this_site(
    carl, ada, mailbox: Mailbox
) -> None:
    address = ada.member.user.email
    EmailAddress.objects.create(user=ada.member.user, email=address, primary=True, verified=True)
    for email in (address, "nobody@nowhere.example"):
        carl.post("/accounts/password/reset/", {"email": email}, headers={"host": "localhost:6666"})
    known, unknown = (text_of(mail) for mail in mailbox.mails)
    assert "https://hours.example/accounts/password/reset/key/" in known
    assert "https://hours.example/accounts/signup/" in unknown
    assert "localhost" not in known + unknown


def test_an_unknown_address_is_answered_like_a_known_one(carl, ada) -> None:
    said = [
        carl.post("/accounts/login/", {"login": login, "password": "wrong password"}).content
        for login in ("nobody@nowhere.example", ada.member.user.email)
    ]
    plain = [re.sub(rb'value="[^"]*"', b"", text) for text in said]
    assert plain[0] == plain[1]


def test_an_unknown_address_takes_as_long_as_a_known_one(ada) -> None:
    took: dict[str, list[float]] = {"nobody@nowhere.example": [], ada.member.user.email: []}
    for _ in range(4):
        for login, times in took.items():
            began = time.perf_counter()
            Browser(headers={"host": "localhost"}).post(
                "/accounts/login/", {"login": login, "password": "wrong password"}
            )
            times.append(time.perf_counter() - began)
    unknown, known = (min(times) for times in took.values())
    assert 0.5 < unknown / known < 2, "a password is hashed, and a row waited for, either way"


def test_fields_that_no_form_has_change_nothing(northlight, ada, ben, olga) -> None:
    ada.post(
        "/settings",
        {
            "name": "Northlight",
            "profession": "",
            "zone": "UTC",
            "locale": "en-GB",
            "currency": "EUR",
            "hour_format": "hm",
            "colour": "",
            "is_demo": "on",
            "digest_key": "x",
            "version": "1",
            "delete_after": "2020-01-01",
            "id": str(olga.member.workspace_id),
        },
    )
    fresh = Workspace.objects.get(pk=northlight.pk)
    assert (fresh.is_demo, fresh.delete_after, bytes(fresh.digest_key)) == (
        False,
        None,
        bytes(northlight.digest_key),
    )
    assert Workspace.objects.get(pk=olga.member.workspace_id).name == "Elsewhere"
    ben.post("/leave", {"role": "owner"})
    assert Member.objects.get(pk=ben.member.pk).role == "editor"
    retainer = a_retainer(northlight)
    entry = log(retainer, "2027-06-03", "1h")
    form = {
        "on": "2027-06-03",
        "amount": "1h",
        "description": "x",
        "scope": "retainer",
        "seen": "1",
        "weight": "1000",
        "posted": "2020-01-01",
    }
    ada.post(f"/retainers/{retainer.ref}/entries/{entry.pk}/edit", form)
    assert entry.revisions.order_by("number").last().weight == 100


def test_numbers_of_others_in_any_field_are_not_taken(northlight, ada, olga) -> None:
    mine, theirs = a_retainer(northlight), a_retainer(olga.member.workspace, "Theirs")
    contact = Contact.objects.create(
        client=theirs.client, name="T", email="t@theirs.example", role="approver"
    )
    link = share([mine], by=None)
    ada.post(
        f"/links/{link.pk}/change",
        {"retainers": [theirs.pk], "label": "x", "splits_by": "category"},
    )
    assert [row.retainer for row in ShareLink.objects.get(pk=link.pk).shown.all()] == [mine]
    form = {
        "kind": "extra",
        "amount": "1",
        "rate": "1",
        "reason": "x",
        "starts_on": "2027-06-22",
        "ends_on": "2027-06-30",
        "decide_on": "2027-06-25",
    }
    answer = ada.post(
        f"/retainers/{mine.ref}/requests/ask",
        form | {"approvers": [contact.pk], "new_name": "", "new_email": ""},
    )
    assert answer.status_code == 200
    assert not Request.objects.exists()
    ada.post(
        "/settings/members",
        {"to": "x@y.example", "role": "editor", "sees": "some", "clients": [theirs.client_id]},
    )
    assert not northlight.invitations.exists()
    assert Retainer.objects.get(pk=theirs.pk).workspace_id == olga.member.workspace_id


@pytest.mark.parametrize(
    "query",
    [
        "retainer__workspace=1",
        "workspace__isnull=1",
        "pk__gt=0",
        "kind__regex=.*",
        "by__user__password__startswith=a",
        "page=-1",
        "page=99999999999",
        "cycle=' OR 1=1",
        "kind=%00",
        "q=%ff",
    ],
)
def test_query_strings_are_values_and_no_lookups(northlight, ada, olga, query) -> None:
    retainer, theirs = a_retainer(northlight), a_retainer(olga.member.workspace, "Theirs")
    log(theirs, "2027-06-03", "1h", "Secret of theirs")
    for path in (
        f"/retainers/{retainer.ref}/",
        f"/retainers/{retainer.ref}/history",
        f"/retainers/{retainer.ref}/trail",
        "/",
        "/clients/",
    ):
        page = ada.get(f"{path}?{query}")
        assert page.status_code == 200, path
        assert b"Theirs" not in page.content
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload='alert(1)'/>",
        b"GIF89a<script>",
        b"<?xml version='1.0'?><svg/>",
        b"%PDF-1.7",
        b"",
    ],
)
def test_a_logo_is_a_picture_by_its_content_whatever_its_name_says(
    northlight, ada, content
) -> None:
    form = {
        "name": "Northlight",
        "zone": "UTC",
        "locale": "en-GB",
        "currency": "EUR",
        "hour_format": "hm",
    }
    answer = ada.post(
        "/settings", form | {"logo_file": SimpleUploadedFile("logo.png", content, "image/png")}
    )
    assert answer.status_code == 422
    assert b"errorlist" in answer.content
    assert Workspace.objects.get(pk=northlight.pk).logo is None
