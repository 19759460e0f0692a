"""A file that was altered, or is none, is refused with a sentence, and nothing of it is stored."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine

from hourtab.accounts.models import User, Workspace
from hourtab.archive import deletion, unpacking
from hourtab.archive.export import export_workspace
from hourtab.archive.restore import RestoreError, restore_workspace
from hourtab.retainers.models import Retainer
from hourtab.sharing.services import share
from tests.builders import NOW, a_retainer, log

pytestmark = pytest.mark.django_db
type Parts = dict[str, bytes]


@pytest.fixture(autouse=True)
def in_june():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def parts(northlight, ada) -> Parts:
    """The parts of an export of Northlight, which is gone afterwards."""
    for client in ("Acme", "Beta"):
        retainer = a_retainer(northlight, client)
        log(retainer, "2027-06-03", "1h", "Call")
        share([retainer], by=ada.member)
    out = io.BytesIO()
    export_workspace(northlight, NOW, out, with_links=True)
    deletion.delete_workspace(northlight)
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(parts: Parts, folder: Path) -> Path:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def changed(content: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """The rows of a part, the first of them changed."""
    first, *others = content.splitlines()
    row = json.loads(first)
    change(row)
    return b"\n".join([json.dumps(row).encode(), *others]) + b"\n"


def refusal(parts: Parts, folder: Path) -> str:
    with pytest.raises(RestoreError) as refused:
        restore_workspace(packed(parts, folder), keep_links=True)
    assert not Workspace.objects.exists()
    assert not User.objects.exists()
    return str(refused.value)


def test_the_file_of_the_other_tests_is_whole(parts, tmp_path) -> None:
    assert restore_workspace(packed(parts, tmp_path), keep_links=True).name == "Northlight"


def test_a_retainer_that_the_file_does_not_vouch_for_is_refused(parts, tmp_path) -> None:
    contents = json.loads(parts["workspace.json"])
    revisions = parts["rows/ledger.revision.jsonl"]

    def raise_amount(row: dict[str, Any]) -> None:
        row["amount"] += 60

    for said in ([], contents["retainers"][:1]):
        altered = json.dumps(contents | {"retainers": said}).encode()
        rows = changed(revisions, raise_amount)
        names = parts | {"workspace.json": altered, "rows/ledger.revision.jsonl": rows}
        assert refusal(names, tmp_path)
    altered = json.dumps(contents | {"retainers": contents["retainers"][:1]}).encode()
    assert "The file does not say where the chain of Beta" in refusal(
        parts | {"workspace.json": altered}, tmp_path
    )
    more = [*contents["retainers"], {"ref": "none", "name": "None", "head": ""}]
    altered = json.dumps(contents | {"retainers": more}).encode()
    assert "has no rows of it" in refusal(parts | {"workspace.json": altered}, tmp_path)


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("accounts.workspace", "zone", "No/Where"),
        ("accounts.workspace", "locale", "xx-YY"),
        ("accounts.workspace", "currency", "XXX"),
        ("accounts.workspace", "imprint_url", "javascript:alert(1)"),
        ("accounts.workspace", "colour", "red;}"),
        ("accounts.workspace", "hour_format", "weeks"),
        ("accounts.workspace", "first_weekday", 9),
        ("accounts.workspace", "name", "N" * 200),
        ("accounts.workspace", "logo", "PGh0bWw+PHNjcmlwdD4="),
        ("accounts.user", "email", "no address"),
        ("accounts.member", "role", "emperor"),
        ("retainers.retainer", "zone", "No/Where"),
        ("sharing.sharelink", "splits_by", "salary"),
        ("sharing.sharelink", "locale", "xx"),
        ("sharing.sharelink", "client_id", 4711),
        ("sharing.sharelink", "client_id", "1"),
        ("ledger.entry", "on", "2027-13-45"),
        ("ledger.entry", "on", ["2027-06-03"]),
        ("ledger.revision", "amount", float("nan")),
        ("ledger.revision", "amount", 10**49),
        ("ledger.revision", "amount", "a lot"),
        ("ledger.revision", "description", "\x00"),
        ("ledger.revision", "description", "\ud800"),
        ("accounts.workspace", "default_terms", "\x00"),
    ],
)
def test_a_row_no_form_would_have_taken_is_refused(parts, tmp_path, part, field, value) -> None:
    name = f"rows/{part}.jsonl"
    assert field in json.loads(parts[name].splitlines()[0])
    altered = changed(parts[name], lambda row: row.update({field: value}))
    if (part, field) == ("accounts.workspace", "default_terms"):
        altered = altered.replace(b'"\\u0000"', b'{"a":' * 100_000)
    assert "Traceback" not in refusal(parts | {name: altered}, tmp_path)


def test_rows_that_are_none_and_workspaces_in_plural_are_refused(parts, tmp_path) -> None:
    name = "rows/accounts.workspace.jsonl"
    another = changed(parts[name], lambda row: row.update(id=row["id"] + 1, name="Second"))
    for rows in (
        parts[name] + another,
        parts[name] + parts[name],
        b"[1, 2, 3]\n",
        b"\n\n",
        b"",
        b'{"id": 1}\n',
        b'{"id": ' + b"9" * 5000 + b"}\n",
        b"\xff\xfe\n",
    ):
        assert refusal(parts | {name: rows}, tmp_path)
    for contents in (b"[]", b"{}", b'"x"', b"null", b"{", b"[" * 100_000):
        assert refusal(parts | {"workspace.json": contents}, tmp_path)
    assert refusal({"README.txt": b"x"}, tmp_path)


def test_addresses_of_links_that_are_none_or_the_same_twice_are_refused(parts, tmp_path) -> None:
    contents = json.loads(parts["workspace.json"])
    one, two = contents["links"]
    for links in (
        {one: "too short"},
        {one: 5},
        {one: "A" * 21 + "é"},
        {one: contents["links"][two], two: contents["links"][two]},
        [1],
    ):
        altered = json.dumps(contents | {"links": links}).encode()
        assert refusal(parts | {"workspace.json": altered}, tmp_path)


def test_what_a_part_unpacks_to_is_counted_and_not_believed(parts, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(unpacking, "LONGEST_LINE", 100_000)
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 300_000)
    name = "rows/accounts.workspace.jsonl"
    padded = parts[name].rstrip() + b" " * 50_000 + b"\n"
    for content in (b" " * 200_000, padded * 10):
        assert "unpacks to more" in refusal(parts | {name: content}, tmp_path)
    assert "unpacks to more" in refusal(parts | {"workspace.json": b" " * 200_000}, tmp_path)


def test_more_rows_than_are_stored_at_once_come_back(parts, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(unpacking, "AT_ONCE", 1)
    restore_workspace(packed(parts, tmp_path))
    assert sorted(Retainer.objects.values_list("client__name", flat=True)) == ["Acme", "Beta"]
