"""A whole workspace in a file, back in an empty instance, and deleted after a waiting time."""

import io
import json
import zipfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import time_machine
from django.apps import apps

from hourtab.accounts.models import Member, User, Workspace
from hourtab.archive import deletion
from hourtab.archive.export import export_workspace
from hourtab.archive.restore import RestoreError, restore_workspace
from hourtab.archive.tables import TABLES
from hourtab.core.document import read
from hourtab.imports.models import Import
from hourtab.ledger.models import Clock, Entry, Statement
from hourtab.ledger.reading import cycles
from hourtab.ledger.reading.verify import contradictions
from hourtab.ledger.verbs import log as services
from hourtab.ledger.writing.chain import head
from hourtab.lib.pictures import redrawn
from hourtab.outbox.models import Delivery
from hourtab.pages.settings import leaving
from hourtab.retainers.models import Retainer
from hourtab.sharing import subscriptions
from hourtab.sharing.addresses import statement_path
from hourtab.sharing.models import ShareLink, Subscription
from hourtab.sharing.services import share
from tests.accounts.test_settings import a_picture
from tests.builders import a_retainer, log, toggl, work
from tests.conftest import sign_in
from tests.imports.test_series import bring_in
from tests.ledger.test_statements import a_january, at

pytestmark = pytest.mark.django_db
OURS = (
    "accounts",
    "clients",
    "retainers",
    "ledger",
    "imports",
    "outbox",
    "overage",
    "sharing",
    "alerts",
    "api",
)


@pytest.fixture(autouse=True)
def on_15_february():
    with time_machine.travel(at("02-15"), tick=False):
        yield


@pytest.fixture
def full(northlight, ada, ben) -> Workspace:
    """Northlight with a closed cycle, a correction, an import, a link and a logo."""
    retainer = a_january(northlight, rollover=1)
    entry = Entry.objects.get(on=date(2027, 1, 5))
    services.edit_entry(
        entry,
        work("2027-01-05", "4h", "=January"),
        by=ada.member,
        now=at("02-15"),
        reason="Two less",
    )
    bring_in(northlight, toggl("02-09 09:00 1:30 Call", "02-10 09:00 1:30 Call"), retainer)
    a_retainer(northlight, "Beta", starts="2027-02-01")
    Retainer.objects.filter(pk=retainer.pk).update(as_of=at("02-15"))
    share([retainer], by=ada.member)
    Workspace.objects.filter(pk=northlight.pk).update(logo=redrawn(a_picture()), colour="#2f5d50")
    return Workspace.objects.get(pk=northlight.pk)


def said() -> dict[str, object]:
    """Everything a restore must bring back."""
    return {
        retainer.ref: (
            head(retainer),
            [cycles.totals_json(cycle) for cycle in cycles.cycles_of(retainer, date(2027, 2, 15))],
            [
                (row.number, row.totals, len(row.lines))
                for row in Statement.objects.filter(retainer=retainer)
            ],
        )
        for retainer in Retainer.objects.select_related("workspace", "client")
    }


def exported(workspace: Workspace, now, **more: bool) -> bytes:
    """The file of an export."""
    out = io.BytesIO()
    export_workspace(workspace, now, out, **more)
    return out.getvalue()


def test_every_model_is_in_the_list() -> None:
    every = {model for label in OURS for model in apps.get_app_config(label).get_models()}
    assert (
        every - {model for model, _way in TABLES}
        == {User.groups.through, User.user_permissions.through, Clock} & every
    )


@pytest.mark.parametrize("keep", [True, False])
def test_export_and_restore_give_the_same_balances_heads_and_links(
    full, tmp_path, keep, carl
) -> None:
    before, paths = said(), [link.path for link in ShareLink.objects.all()]
    statement = statement_path(
        ShareLink.objects.get(), Retainer.objects.get(client__name="Acme").ref, 1
    )
    file = tmp_path / "all.zip"
    file.write_bytes(exported(full, at("02-15"), with_links=True))
    with pytest.raises(RestoreError, match="holds a workspace already"):
        restore_workspace(file)
    deletion.delete_workspace(full)
    assert not User.objects.exists()
    restored = restore_workspace(file, keep_links=keep)
    assert said() == before
    assert bytes(restored.logo) == bytes(full.logo)
    assert [member.role for member in Member.objects.order_by("pk")] == ["owner", "editor"]
    assert not any(user.has_usable_password() for user in User.objects.all())
    now = [link.path for link in ShareLink.objects.all()]
    assert (now == paths) is keep
    assert carl.get(paths[0] + "?page=1").status_code == (200 if keep else 404)
    assert carl.get(statement).status_code == (200 if keep else 404)
    assert carl.get(now[0] + "?page=1").status_code == 200
    for retainer in Retainer.objects.all():
        assert contradictions(retainer, at("02-15")) == []
    retainer = Retainer.objects.get(client__name="Acme")
    log(retainer, "2027-02-15", "1h", now=at("02-15"))
    again = bring_in(restored, toggl("02-09 09:00 1:30 Call", "02-10 09:00 1:30 Call"), retainer)
    assert again.counts["unchanged"] == 2
    assert Import.objects.count() == 2


def test_who_has_a_digest_has_it_on_another_instance_too(full, tmp_path, settings) -> None:
    link = ShareLink.objects.get()
    subscriptions.ask(link, "cfo@acme.example", "week", now=at("02-15"))
    assert subscriptions.confirm(Subscription.objects.get(), "week", now=at("02-15"))
    file = tmp_path / "all.zip"
    file.write_bytes(exported(full, at("02-15"), with_links=True))
    deletion.delete_workspace(full)
    settings.LINK_KEY = "another instance's key"
    restore_workspace(file, keep_links=True)
    row = Subscription.objects.get()
    assert (row.to, row.is_standing, row.link) == (
        "cfo@acme.example",
        True,
        ShareLink.objects.get(),
    )
    assert subscriptions.find(row.token) == row
    assert not Delivery.objects.exists(), "what was sent stays behind"


def test_the_file_holds_documents_that_replay_and_no_password(full) -> None:
    with zipfile.ZipFile(io.BytesIO(exported(full, at("02-15")))) as archive:
        names = archive.namelist()
        for retainer in Retainer.objects.all():
            document = read.from_json(json.loads(archive.read(f"retainers/{retainer.ref}.json")))
            assert not document.chain or document.chain.head == head(retainer)
            assert f"retainers/{retainer.ref}.csv" in names
        everything = b"".join(archive.read(name) for name in names)
    assert b"argon2" not in everything
    assert ShareLink.objects.get().token.encode() not in everything


def test_a_file_that_is_none_or_was_altered_is_refused(full, tmp_path) -> None:
    whole = exported(full, at("02-15"))
    deletion.delete_workspace(full)
    file = tmp_path / "x.zip"
    file.write_bytes(b"not a zip")
    with pytest.raises(RestoreError, match="is not a whole export"):
        restore_workspace(file)
    for name, old, new, said in (
        ("workspace.json", b'"head": "', b'"head": "0', "does not end where the file says"),
        (
            "rows/ledger.revision.jsonl",
            b'"amount":21600',
            b'"amount":21601',
            "do not fit each other: .*",
        ),
        (
            "rows/ledger.revision.jsonl",
            b'"description":"Call"',
            b'"description":"Cell"',
            "does not match its digest",
        ),
    ):
        altered = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(altered, "w") as target:
            for part in source.namelist():
                content = source.read(part)
                target.writestr(part, content.replace(old, new) if part == name else content)
        file.write_bytes(altered.getvalue())
        with pytest.raises(RestoreError, match=said):
            restore_workspace(file)
        assert not Workspace.objects.exists()
    file.write_bytes(whole)
    with pytest.raises(RestoreError, match="no addresses of links"):
        restore_workspace(file, keep_links=True)


def test_a_workspace_is_deleted_after_an_export_and_a_waiting_time(full, ada, olga) -> None:
    other = Workspace.objects.get(name="Elsewhere")
    a_retainer(other, "Gamma")
    answer = ada.post("/settings/delete", {"name": "Northlight"}, follow=True)
    assert "Export everything first" in answer.content.decode()
    file = ada.post("/settings/export")
    assert file["Content-Type"] == "application/zip"
    assert (
        "not the name"
        in ada.post("/settings/delete", {"name": "North"}, follow=True).content.decode()
    )
    assert (
        "will be deleted on 1\u00a0March\u00a02027"
        in ada.post("/settings/delete", {"name": "Northlight"}, follow=True).content.decode()
    )
    assert "stays" in ada.post("/settings/keep", follow=True).content.decode()
    assert deletion.delete_due(at("04-01")) == 0
    ada.post("/settings/delete", {"name": "Northlight"})
    assert deletion.delete_due(at("02-15") + timedelta(days=13)) == 0
    after = at("03-01") + timedelta(seconds=1)
    assert deletion.delete_due(after) == 0, "nobody was warned"
    assert deletion.warn_of_deletions(at("02-25")) == 0
    assert deletion.warn_of_deletions(at("02-27")) == 1
    assert deletion.warn_of_deletions(at("02-27")) == 0
    assert deletion.delete_due(after) == 1
    assert list(Workspace.objects.values_list("name", flat=True)) == ["Elsewhere"]
    assert list(Retainer.objects.values_list("client__name", flat=True)) == ["Gamma"]
    assert list(User.objects.values_list("email", flat=True)) == [olga.member.user.email]


def test_what_changed_since_the_export_must_be_exported_again(full, ada) -> None:
    ada.post("/settings/export")
    with time_machine.travel(at("02-16"), tick=False):
        log(Retainer.objects.get(client__name="Acme"), "2027-02-16", "1h", now=at("02-16"))
        sign_in(ada, ada.member.user)
        assert (
            "nothing was exported since"
            in ada.post("/settings/delete", {"name": "Northlight"}, follow=True).content.decode()
        )


def test_a_long_export_is_sent_from_disk_and_is_whole(full, ada, monkeypatch) -> None:
    monkeypatch.setattr(leaving, "IN_MEMORY", 1000)
    answer = ada.post("/settings/export", {"links": "on"})
    assert answer.streaming
    content = answer.getvalue()
    answer.close()
    assert len(content) == int(answer["Content-Length"])
    assert answer["Content-Disposition"] == 'attachment; filename="hourtab-2027-02-15.zip"'
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("workspace.json"))["links"]


def test_an_editor_neither_exports_nor_deletes(full, ben) -> None:
    for path in ("/settings/export", "/settings/delete"):
        assert ben.post(path).status_code == 403


def test_the_commands_move_a_workspace_to_another_instance(installation, tmp_path: Path) -> None:
    ref, _token = installation.open("Acme", "10", "2027-01-01")
    installation.run("log", "Call, 45m @acme 2027-01-05")
    before = installation.json("balance", ref, "--on", "2027-01-31")
    file = tmp_path / "all.zip"
    installation.run("export", "--to", str(file))
    assert file.stat().st_mode & 0o077 == 0
    assert "already" in installation.run("restore", str(file), status=1)
    document = installation.run("export", ref)
    replayed = installation.run("replay", "-", given=document)
    assert "The chain fits" in replayed
    assert before["used"] == 2700
