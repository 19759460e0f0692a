"""Whatever bytes `hourtab replay` is given, it ends with status 0, or with 2 and a reason: never with
a traceback.
"""

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hourtab.core.document import read, write
from hourtab.core.statement import statement

SAMPLES = Path(__file__).parent / "samples"
"""Documents as HourTab wrote them."""


def _samples() -> dict[str, Any]:
    found = {path.stem: json.loads(path.read_text()) for path in sorted(SAMPLES.glob("*.json"))}
    whole = found["ledger-with-chain"]
    found["ledger"] = {key: value for key, value in whole.items() if key != "revisions"} | {
        "topups": [{"id": "t1", "on": "2027-02-01", "amount": 3600, "until": "never"}],
        "transfers": [{"id": "x1", "on": "2027-02-10", "amount": 3600}],
        "authorisations": [
            {"id": "a1", "amount": 60, "from": "2027-02-01", "until": "2027-02-27", "rate": 5}
        ],
        "holds": [{"id": "h1", "from": "2027-02-17", "until": "2027-02-18", "amount": 60}],
    }
    document = read.from_json(whole)
    found["statement"] = write.statement_json(statement(document.ledger, document.as_of))
    return found


DOCUMENTS = _samples()
NASTY = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1.5,
        1e308,
        10**30,
        10**4000,
        "",
        "x",
        "\ud800",
        "2027-02-30",
        "9999-12-31",
        "0001-01-01",
        [],
        {},
        [None],
        [[]],
        {"": {}},
        {"percent": []},
        {"id": ["e1"]},
    ]
)


def replayed(path: Path, content: bytes) -> tuple[int, str, str]:
    path.write_bytes(content)
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("replay", str(path), stdout=out, stderr=err)
    except SystemExit as end:
        status = int(end.code or 0)
    return status, out.getvalue(), err.getvalue()


def ends_well(path: Path, content: bytes) -> None:
    status, said, refused = replayed(path, content)
    assert (status, bool(said), bool(refused)) in ((0, True, False), (2, False, True))
    assert refused == "" or refused.startswith(f"{path}: ")


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("replay") / "document.json"


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with a key of it."""
    found, waiting = [], [value]
    while waiting:
        holder = waiting.pop()
        for key, item in holder.items() if isinstance(holder, dict) else enumerate(holder):
            found.append((holder, key))
            if isinstance(item, dict | list):
                waiting.append(item)
    return found


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A document we write with a few things wrong: keys gone, types swapped, items twice."""
    raw = copy.deepcopy(DOCUMENTS[draw(st.sampled_from(sorted(DOCUMENTS)))])
    for _ in range(draw(st.integers(1, 3))):
        known = places(raw)
        if not known:
            break
        holder, key = known[draw(st.integers(0, len(known) - 1))]
        change = draw(st.sampled_from(["drop", "swap", "swap", "twice", "rename", "move"]))
        if change == "drop":
            del holder[key]
        elif change == "swap":
            holder[key] = draw(NASTY)
        elif change == "twice" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
        elif change == "rename" and isinstance(holder, dict):
            holder[draw(st.sampled_from(["record", "id", "cycle", "hash", "x\ud800"]))] = (
                holder.pop(key)
            )
        else:
            other, place = known[draw(st.integers(0, len(known) - 1))]
            holder[key] = copy.deepcopy(other[place])
    return json.dumps(raw).encode()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_every_document_we_write_is_read_or_refused_by_its_format(name, path) -> None:
    status, said, refused = replayed(path, json.dumps(DOCUMENTS[name]).encode())
    if name == "statement":
        assert (status, refused) == (2, f'{path}: format: must be "hourtab-ledger/1"\n')
    else:
        assert (status, refused) == (0, "")
        assert said


@given(mutated())
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_document_with_wrong_parts_ends_with_a_path_or_a_result(path: Path, content) -> None:
    ends_well(path, content)


@given(
    st.sampled_from(sorted(DOCUMENTS)),
    st.integers(0, 100_000),
    st.integers(0, 3000),
    st.binary(max_size=3),
)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_bytes_changed_or_cut_off_end_with_a_path_or_a_result(
    path: Path, name: str, at: int, length: int, new: bytes
) -> None:
    whole = json.dumps(DOCUMENTS[name], ensure_ascii=False).encode()
    at %= len(whole)
    ends_well(path, whole[:at] + new + whole[at + len(new) :])
    ends_well(path, whole[:at] + new)
    ends_well(path, whole[:at] + whole[at + length :])


def in_the_chain(**changes: Any) -> dict[str, Any]:
    raw = copy.deepcopy(DOCUMENTS["ledger-with-chain"])
    raw["revisions"][-1]["records"][0].update(changes)
    return raw


def deep(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"format": "hourtab-ledger/1", "retainer": {"name": "\\ud800"}}', "retainer.name: "),
        (b'{"format": "\xed\xa0\x80"}', "not UTF-8 at byte 12"),
        (json.dumps({"sheets": [{"a\udfff": 1}]}), "sheets[0]: "),
        (json.dumps(in_the_chain(description="\ud800")), "revisions[8].records[0].description: "),
        ('{"format": "hourtab-public/1", "sheets": ' + deep(2000) + "}", "nested"),
        ('{"format": "hourtab-public/1", "x": ' + deep(300) + ', "sheets": []}', "nested"),
        ('{"format": "hourtab-public/1", "sheets": [{"cycle": 1}]}', "sheets[0].lines: "),
        (
            '{"format": "hourtab-public/1", "sheets": [{"lines": [], "cycle": 1}]}',
            "sheets[0].cycle: ",
        ),
        ('{"format": "hourtab-public/1", "sheets": 5}', "sheets: must be a list"),
    ],
)
def test_what_no_document_may_hold_is_refused_by_its_path(content, reason, path) -> None:
    status, said, refused = replayed(
        path, content if isinstance(content, bytes) else content.encode()
    )
    assert (status, said) == (2, "")
    assert refused.startswith(f"{path}: ")
    assert reason in refused


def sealed(*records: dict[str, Any]) -> dict[str, Any]:
    """A ledger whose chain is one write of these records, with right digests and hashes."""
    from hourtab.core.document import chain

    whole = [
        record | {"seq": i, "digest": chain.record_digest(record)}
        for i, record in enumerate(records, 1)
    ]
    write = {"hash": chain.link("", [record["digest"] for record in whole]), "records": whole}
    return {key: DOCUMENTS["ledger"][key] for key in ("format", "retainer", "terms", "as_of")} | {
        "revisions": [write]
    }


@pytest.mark.parametrize(
    "record",
    [
        {"record": "terms"},
        {"record": "topup", "id": ["t1"]},
        {"record": ["topup"], "id": "t1"},
        {"record": "decision_withdrawn"},
        {"record": "pause", "cycle": {"x": 1}},
        {"record": "retainer", "name": []},
    ],
)
def test_a_record_that_cannot_be_read_is_named(record, path) -> None:
    status, said, refused = replayed(path, json.dumps(sealed(record)).encode())
    assert (status, said) == (2, "")
    assert refused.startswith(f"{path}: ")


@pytest.mark.parametrize("nothing", [0, "", {}, False, {"a": 1}])
def test_revisions_that_are_no_list_are_refused(nothing, path) -> None:
    raw = DOCUMENTS["ledger"] | {"revisions": nothing}
    assert replayed(path, json.dumps(raw).encode())[2] == f"{path}: revisions: must be a list\n"
