"""A team: invited by mail, with roles and limits; removed at once; never without an owner."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from hourtab.accounts.models import Invitation, Member, User, Workspace
from hourtab.accounts.services import open_workspace
from hourtab.alerts.telling import listeners_of
from hourtab.archive.erasure import Person, erase
from hourtab.clients.models import Access, Client, Contact
from hourtab.ledger.models import Write
from hourtab.outbox.models import Delivery
from hourtab.sharing.services import share
from hourtab.team import services
from hourtab.team.services import TeamError
from tests.builders import NOW, a_retainer, log
from tests.mailbox import Mailbox, send, subject_of, text_of

pytestmark = pytest.mark.django_db
SIGN_UP = {"email": "dora@firm.example", "password1": "a long enough one"}


def invite(
    workspace, to: str = "dora@firm.example", role: str = "editor", clients=None, now=NOW
) -> Invitation:
    return services.invite(workspace, to, role, clients, by=None, now=now)


def browser_of(user: User) -> Browser:
    browser = Browser(headers={"host": "localhost"})
    browser.force_login(user)
    return browser


def a_member(workspace, name: str, role: str = "editor", clients=None) -> Browser:
    user = User.objects.create_user(
        f"{name}@firm.example", "correct horse battery", name=name.title()
    )
    services.accept(invite(workspace, user.email, role, clients), user, now=NOW)
    browser = browser_of(user)
    browser.member = Member.objects.get(user=user)
    return browser


def test_from_the_invitation_by_mail_to_the_first_entry(
    ada, carl, northlight, mailbox: Mailbox
) -> None:
    retainer = a_retainer(northlight)
    with time_machine.travel(NOW, tick=False):
        ada.force_login(ada.member.user)
        page = ada.post(
            "/settings/members",
            {"to": "Dora@Firm.example", "role": "editor", "sees": "all"},
            follow=True,
        )
        assert b"dora@firm.example is invited." in page.content
    assert send(NOW) == 1
    assert subject_of(mailbox.mails[0]) == "Join Northlight on HourTab"
    text = text_of(mailbox.mails[0])
    assert "Ada invites you to work with Northlight on HourTab, as Editor." in text
    path = re.search(r"https://hours\.example(/join/\S+)", text)[1]
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        assert b"Join Northlight" in carl.get(path).content
        form = carl.get(f"/accounts/signup/?next={path}").content
        assert b"Name of your business" not in form
        answer = carl.post(f"/accounts/signup/?next={path}", SIGN_UP | {"next": path})
        assert answer["Location"] == path
        assert Workspace.objects.count() == 1
        assert carl.get("/").content.count(b"You belong to no workspace") == 1
        assert carl.get(path).status_code == 200
        assert Member.objects.filter(user__email="dora@firm.example").count() == 0
        assert b"Welcome to Northlight." in carl.post(path, follow=True).content
        carl.post("/log", {"line": "First call, 45m @acme"})
        assert b"First call" in carl.get(f"/retainers/{retainer.ref}/").content
        assert carl.get(path).status_code == 404
        assert carl.post(path).status_code == 404
    assert Write.objects.filter(retainer=retainer).last().by.user.email == "dora@firm.example"


def test_an_invitation_is_for_its_address_alone_however_it_is_forwarded(northlight, olga) -> None:
    row = invite(northlight)
    assert b"another address" in olga.get(row.path).content
    assert Member.objects.filter(workspace=northlight).count() == 0
    olga.post(row.path)
    assert Member.objects.filter(workspace=northlight).count() == 0
    with pytest.raises(TeamError, match="another address"):
        services.accept(row, olga.member.user, now=NOW)


@pytest.mark.parametrize("what", ["used", "withdrawn", "over", "replaced"])
def test_an_invitation_that_no_longer_stands_joins_nobody(northlight, what) -> None:
    row, user = (
        invite(northlight),
        User.objects.create_user("dora@firm.example", "correct horse battery"),
    )
    now = NOW
    if what == "used":
        member = services.accept(row, user, now=NOW)
        Member.objects.create(
            workspace=northlight, user=User.objects.create_user("o@firm.example"), role="owner"
        )
        services.end_membership(member, now=NOW)
    elif what == "withdrawn":
        services.withdraw_invitation(row, now=NOW)
    elif what == "over":
        now = NOW + timedelta(days=7)
    else:
        invite(northlight)
    with pytest.raises(TeamError, match="used, withdrawn, or is over"):
        services.accept(row, user, now=now)
    with time_machine.travel(now, tick=False):
        assert browser_of(user).get(row.path).status_code == 404


def test_fifty_invitations_go_out_a_day_whatever_becomes_of_them(northlight, ada) -> None:
    for n in range(services.MOST_A_DAY):
        row = invite(northlight, f"stranger{n}@victims.example")
        services.withdraw_invitation(row, now=NOW)
    with pytest.raises(TeamError, match="50 invitations were sent within a day"):
        invite(northlight, "stranger@victims.example")
    gone = Person("", "stranger1@victims.example")
    erase(northlight, gone, by=ada.member, now=NOW)
    Delivery.objects.filter(workspace=northlight).delete()
    with pytest.raises(TeamError, match="tomorrow"):
        invite(northlight, "stranger@victims.example")
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        ada.force_login(ada.member.user)
        page = ada.post("/settings/members", {"to": "a@b.example", "role": "editor", "sees": "all"})
    assert b"50 invitations were sent within a day." in page.content
    assert invite(northlight, "stranger@victims.example", now=NOW + timedelta(days=1))


def test_an_invitation_speaks_for_this_site_and_never_under_a_name_of_the_workspace(
    northlight, mailbox: Mailbox
) -> None:
    Workspace.objects.filter(pk=northlight.pk).update(
        sender_name="Your Bank", reply_to="eve@evil.example"
    )
    invite(northlight)
    assert send(NOW) == 1
    mail = mailbox.mails[0]
    assert mail["From"].startswith("HourTab <")
    assert mail["Reply-To"] is None
    assert "Your Bank" not in mail.as_string()


def test_a_member_is_not_invited_again_and_one_who_left_is(ada, northlight) -> None:
    with pytest.raises(TeamError, match="belongs to this workspace already"):
        invite(northlight, ada.member.user.email.upper())
    dora = a_member(northlight, "dora")
    services.end_membership(dora.member, now=NOW)
    again = invite(northlight, "dora@firm.example", "viewer")
    assert services.accept(again, dora.member.user, now=NOW).pk == dora.member.pk
    assert Member.objects.get(pk=dora.member.pk).role == "viewer"


def test_no_token_of_an_invitation_lies_in_the_database(northlight) -> None:
    row = invite(northlight)
    assert row.token not in repr(Invitation.objects.values().get())


def test_who_is_removed_sees_nothing_from_the_next_click_on_and_their_name_stays(
    ada, ben, northlight
) -> None:
    retainer = a_retainer(northlight)
    ben.post("/log", {"line": "Call, 45m @acme"})
    assert ben.get(f"/retainers/{retainer.ref}/").status_code == 200
    assert ada.post(f"/settings/members/{ben.member.pk}/remove").status_code == 302
    for path in (f"/retainers/{retainer.ref}/", "/clients/", f"/retainers/{retainer.ref}/history"):
        assert ben.get(path).status_code == 404
    assert b"You belong to no workspace" in ben.get("/").content
    assert b"Ben" in ada.get(f"/retainers/{retainer.ref}/history").content
    assert b"Were here" in ada.get("/settings/members").content


def test_a_workspace_keeps_an_owner_whatever_is_tried(ada, ben, northlight) -> None:
    for act in (
        lambda: services.end_membership(ada.member, now=NOW),
        lambda: services.change_member(ada.member, "editor", None),
        lambda: services.transfer_ownership(ada.member, ada.member),
    ):
        with pytest.raises(TeamError):
            act()
    assert b"A workspace keeps an owner." in ada.post("/leave", follow=True).content
    services.transfer_ownership(ada.member, ben.member)
    roles = dict(Member.objects.filter(workspace=northlight).values_list("user__name", "role"))
    assert roles == {"Ada": "editor", "Ben": "owner"}
    assert ada.get("/settings/members").status_code == 403
    assert b"You left Northlight." in ada.post("/leave", follow=True).content


def test_one_person_works_in_several_workspaces_and_switches(ada, northlight) -> None:
    other = open_workspace("Southlight", zone="UTC")
    services.accept(invite(other, ada.member.user.email), ada.member.user, now=NOW)
    a_retainer(northlight, "Acme")
    a_retainer(other, "Beta")
    page = ada.get("/").content.decode()
    assert "Acme" in page
    assert "Southlight" in page
    assert "Beta" not in page
    ada.post(f"/workspaces/{other.pk}/switch")
    page = ada.get("/").content.decode()
    assert "Beta" in page
    assert "Acme" not in page
    third = open_workspace("Elsewhere")
    assert ada.post(f"/workspaces/{third.pk}/switch").status_code == 404


class TestLimited:
    """A member who sees one client of two."""

    @pytest.fixture
    def acme(self, northlight):
        return a_retainer(northlight, "Acme")

    @pytest.fixture
    def rival(self, northlight):
        retainer = a_retainer(northlight, "Rival")
        log(retainer, "2027-06-03", "2h", "Secret work")
        return retainer

    @pytest.fixture
    def dora(self, northlight, acme, rival):
        return a_member(northlight, "dora", "editor", [acme.client_id])

    def test_of_the_others_there_is_nothing_to_find(self, dora, acme, rival) -> None:
        link = share([rival], by=None)
        contact = Contact.objects.create(
            client=rival.client, name="Rita", email="rita@rival.example"
        )
        entry = rival.entries.get()
        for path in (
            f"/retainers/{rival.ref}/",
            f"/retainers/{rival.ref}/cycles",
            f"/retainers/{rival.ref}/log.csv",
            f"/retainers/{rival.ref}/requests",
            f"/retainers/{rival.ref}/trail",
            f"/retainers/{rival.ref}/alerts",
            f"/retainers/{rival.ref}/history",
            f"/retainers/{rival.ref}/ledger.json",
            f"/retainers/{rival.ref}/entries/{entry.pk}",
            f"/clients/{rival.client_id}/",
            f"/contacts/{contact.pk}/edit",
            f"/links/{link.pk}/change",
            f"/links/{link.pk}/preview",
            "/imports/",
            "/sources/",
            f"/retainers/{acme.ref}/import",
            f"/clients/{acme.client_id}/rename",
        ):
            assert dora.get(path).status_code == 404, path
        for path in (
            "/",
            "/clients/",
            f"/retainers/{acme.ref}/",
            f"/retainers/{acme.ref}/history",
            "/retainers/open",
        ):
            page = dora.get(path)
            assert page.status_code == 200, path
            assert b"Rival" not in page.content, path
            assert b"Secret" not in page.content, path

    def test_neither_the_quick_line_nor_the_form_reaches_them(self, dora, rival) -> None:
        page = dora.post("/log", {"line": "Call, 45m @rival"}, follow=True).content
        assert b"Rival" not in page
        assert rival.entries.count() == 1
        form = {
            "client": "Rival",
            "name": "X",
            "hours": "5",
            "starts_on": "2027-06-01",
            "zone": "UTC",
            "stub": "full",
            "cadence": "month",
            "rollover": "0",
            "overage": "ask",
            "rounding": "0",
        }
        assert (
            b"You may open retainers for the clients you see."
            in dora.post("/retainers/open", form).content
        )

    def test_no_mail_tells_of_them(self, dora, acme, rival) -> None:
        assert [row.member for row in listeners_of(acme)[0]] == [dora.member]
        assert listeners_of(rival)[0] == []

    def test_an_owner_changes_what_they_see_and_an_owner_sees_all(
        self, ada, dora, acme, rival
    ) -> None:
        path = f"/settings/members/{dora.member.pk}"
        form = {"role": "editor", "sees": "some", "clients": [rival.client_id]}
        ada.post(path, form)
        assert dora.get(f"/retainers/{rival.ref}/").status_code == 200
        assert dora.get(f"/retainers/{acme.ref}/").status_code == 404
        assert b"An owner sees every client." in ada.post(path, form | {"role": "owner"}).content
        assert (
            b"Choose at least one client"
            in ada.post(path, {"role": "editor", "sees": "some"}).content
        )
        ada.post(path, {"role": "editor", "sees": "all"})
        assert dora.get(f"/retainers/{acme.ref}/").status_code == 200
        assert not Access.objects.exists()

    def test_clients_of_another_workspace_are_not_given(self, ada, northlight, acme, olga) -> None:
        foreign = a_retainer(olga.member.workspace, "Foreign")
        row = invite(northlight, clients=[acme.client_id, foreign.client_id])
        assert row.clients == [acme.client_id]


def test_with_many_clients_their_names_are_written_and_the_page_stays_short(
    ada, northlight
) -> None:
    clients = [Client(workspace=northlight, name=f"Client {n:03}") for n in range(300)]
    Client.objects.bulk_create(clients)
    dora = a_member(northlight, "dora", "editor", Client.objects.values_list("pk", flat=True))
    page = ada.get("/settings/members").content
    assert len(page) < 20_000
    assert "Client 004 … 300 clients in all" in page.decode()
    path = f"/settings/members/{dora.member.pk}"
    assert b"Client 299" in ada.get(path).content, "what they see is filled in"
    form = {"role": "editor", "sees": "some", "clients": "Client 007\r\n\r\n Client 008 "}
    assert ada.post(path, form).status_code == 302
    seen = Access.objects.filter(member=dora.member).values_list("client__name", flat=True)
    assert sorted(seen) == ["Client 007", "Client 008"]
    refused = ada.post(path, form | {"clients": "Client 007\nRival"}).content.decode()
    assert "No client has the name “Rival”." in refused


def test_two_owners_who_demote_each_other_at_once_leave_one(ada, ben, northlight) -> None:
    services.change_member(ben.member, "owner", None)
    services.change_member(ada.member, "editor", None)
    with pytest.raises(TeamError, match="keeps an owner"):
        services.change_member(ben.member, "viewer", None)


def test_who_belongs_nowhere_any_more_is_signed_out_everywhere(ada, northlight, carl) -> None:
    user = User.objects.create_user("dora@firm.example", "correct horse battery")
    member = services.accept(invite(northlight), user, now=NOW)
    assert (
        carl.post("/accounts/login/", {"login": user.email, "password": "correct horse battery"})[
            "Location"
        ]
        == "/"
    )
    assert b"Sign out" in carl.get("/").content
    services.end_membership(member, now=NOW)
    assert b"Sign out" not in carl.get("/").content


def test_a_workspace_that_asks_for_a_second_factor_lets_nobody_in_without(
    ada, ben, northlight
) -> None:
    retainer = a_retainer(northlight)
    Workspace.objects.filter(pk=northlight.pk).update(requires_second_factor=True)
    for browser in (ada, ben):
        for path in ("/", f"/retainers/{retainer.ref}/", "/clients/"):
            answer = browser.get(path)
            assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/"), path
        assert b"Set one up to go on." in browser.get("/accounts/2fa/").content
    from allauth.mfa.models import Authenticator

    Authenticator.objects.create(user=ben.member.user, type="totp", data={"secret": "x"})
    assert ben.get("/").status_code == 200
    assert ada.get("/").status_code == 302
