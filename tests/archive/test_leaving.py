"""A workspace is never deleted without a mail before, and nothing of it stays behind."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection

from hourtab.accounts.models import Event, User, Workspace
from hourtab.archive import deletion
from hourtab.outbox.models import Delivery
from hourtab.outbox.services import queue
from tests.builders import NOW, a_retainer
from tests.conftest import sign_in
from tests.mailbox import Mailbox, send, subject_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def going(northlight, ada) -> Workspace:
    sign_in(ada, ada.member.user)
    Workspace.objects.filter(pk=northlight.pk).update(exported_at=NOW)
    ada.post("/settings/delete", {"name": "Northlight"})
    northlight.refresh_from_db()
    assert northlight.delete_after == NOW + timedelta(days=14)
    return northlight


def test_owners_get_a_mail_at_once_and_another_three_days_before(
    going, ada, ben, mailbox: Mailbox
) -> None:
    assert send(NOW) == 1
    mail = mailbox.mails[0]
    assert mail["To"] == ada.member.user.email
    assert subject_of(mail) == "Northlight will be deleted on 6 July 2027"
    assert "https://hours.example/settings#delete" in text_of(mail)
    day = timedelta(days=1)
    assert deletion.warn_of_deletions(NOW + 10 * day) == 0
    with time_machine.travel(NOW + 11 * day, tick=False):
        assert deletion.warn_of_deletions(NOW + 11 * day) == 1
    assert send(NOW + 11 * day) == 1
    assert deletion.delete_due(NOW + 14 * day) == 1


def test_a_worker_that_was_away_warns_first_and_deletes_a_day_later(going) -> None:
    late = NOW + timedelta(days=20)
    with time_machine.travel(late, tick=False):
        assert deletion.delete_due(late) == 0
        assert deletion.warn_of_deletions(late) == 1
        assert deletion.delete_due(late + timedelta(hours=23)) == 0
        assert deletion.delete_due(late + timedelta(hours=24)) == 1


def test_a_deletion_that_is_called_off_sends_nothing_and_one_asked_for_anew_warns_anew(
    going, ada, mailbox: Mailbox
) -> None:
    ada.post("/settings/keep")
    assert send(NOW) == 0
    assert Delivery.objects.get().state == "dropped"
    assert list(Event.objects.order_by("pk").values_list("kind", flat=True)) == [
        "deletion",
        "deletion_off",
    ]
    later = NOW + timedelta(days=5)
    with time_machine.travel(later, tick=False):
        sign_in(ada, ada.member.user)
        Workspace.objects.filter(pk=going.pk).update(exported_at=later)
        ada.post("/settings/delete", {"name": "Northlight"})
    assert send(later) == 1


def test_a_workspace_that_cannot_be_deleted_holds_up_no_other(going, olga, caplog) -> None:
    other = olga.member.workspace
    Workspace.objects.filter(pk=other.pk).update(delete_after=going.delete_after)
    assert deletion.warn_of_deletions(NOW + timedelta(days=12)) == 2
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE stray (w bigint NOT NULL REFERENCES accounts_workspace (id))")
        cursor.execute("INSERT INTO stray VALUES (%s)", [going.pk])
    assert deletion.delete_due(NOW + timedelta(days=14)) == 1
    assert list(Workspace.objects.values_list("name", flat=True)) == ["Northlight"]
    assert f"delete workspaces: row {going.pk}" in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE stray")
    assert deletion.delete_due(NOW + timedelta(days=14, minutes=2)) == 1


def test_mails_that_were_written_to_files_go_with_it_and_those_of_others_stay(
    going, ada, olga, settings, tmp_path: Path
) -> None:
    settings.MAIL_DIR = tmp_path
    for i, to in enumerate(
        (
            ada.member.user.email,
            "carl@acme.example",
            "shared@acme.example",
            "olga@elsewhere.example",
        )
    ):
        (tmp_path / f"{i}.log").write_text(f"Subject: x\nTo: {to}\n\nhttp://localhost/r/secret\n")
    for i, to in enumerate(("carl@acme.example", "shared@acme.example")):
        queue(going, Delivery.Kind.DIGEST, about=i, occasion="x", target=to, now=NOW)
    queue(
        olga.member.workspace,
        Delivery.Kind.DIGEST,
        about=9,
        occasion="x",
        target="shared@acme.example",
        now=NOW,
    )
    a_retainer(olga.member.workspace, "Gamma")
    deletion.delete_workspace(going)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.log", "3.log"]
    assert User.objects.get() == olga.member.user
    assert Delivery.objects.get().target == "shared@acme.example"


def test_nothing_of_it_can_be_read_in_the_file_of_the_database(installation) -> None:
    if installation.environment["DATABASE_URL"].startswith("postgres"):
        pytest.skip("PostgreSQL keeps deleted rows until VACUUM; docs/self-hosting.md says so.")
    installation.open("Quicksilver")
    installation.run("log", "Call about the xylophone, 45m @quicksilver 2027-01-05")
    installation.run("shell", "-v", "0", "-c", DELETE)
    for path in installation.folder.glob("data.sqlite3*"):
        content = path.read_bytes()
        assert b"xylophone" not in content, path.name
        assert b"Quicksilver" not in content, path.name


DELETE = """
from datetime import timedelta; from django.utils import timezone
from hourtab.accounts.models import Workspace; from hourtab.archive.deletion import delete_due
Workspace.objects.update(delete_after=timezone.now() - timedelta(hours=1))
assert delete_due(timezone.now()) == 1
"""
