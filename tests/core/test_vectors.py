"""The worked tables of the ledger, to the second."""

import json
from datetime import date
from pathlib import Path

import pytest

from hourtab.core import cycles
from hourtab.core.document import read, write
from hourtab.core.statement import statement

VECTORS = Path(__file__).parent / "vectors"


@pytest.mark.parametrize("name", ["R1", "R2", "R3", "R4", "R6"])
def test_replay_prints_exactly_the_expected_cycles(name: str) -> None:
    vector = json.loads((VECTORS / f"{name}.json").read_text())
    document = read.from_json(vector["input"])
    printed = write.statement_json(statement(document.ledger, document.as_of))["cycles"]
    expected = vector["expect"]["cycles"]
    assert [
        {key: cycle[key] for key in wanted}
        for cycle, wanted in zip(printed, expected, strict=False)
    ] == expected
    assert [cycle["state"] for cycle in printed] == ["ended"] * len(expected) + ["open"]


def test_anchors_clamp_to_the_months_end_and_never_drift() -> None:
    for vector in json.loads((VECTORS / "anchors.json").read_text()):
        anchor = date.fromisoformat(vector["anchor"])
        for k, (first, last) in vector["cycles"].items():
            assert cycles.start(anchor, "month", int(k)) == date.fromisoformat(first)
            assert cycles.start(anchor, "month", int(k) + 1) - cycles.DAY == date.fromisoformat(
                last
            )
