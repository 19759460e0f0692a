"""The names columns have in the exports of trackers and PSA tools, in the languages these speak.

Their names stand in `vocabulary`, in the order of preference. A heading is compared by its `plain`
name: lower case, without accents, underscores, currencies and question marks.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from hourtab.core.amounts import HOUR, MINUTE
from hourtab.imports.reading.vocabulary import NAMES, NEVER, UNIT_OF
from hourtab.lib.text import folded

MAPPED = (
    "date",
    "start",
    "end",
    "duration",
    "client",
    "project",
    "task",
    "description",
    "person",
    "billable",
    "tags",
    "contract",
)
"""The fields a user maps by hand, in the order of the form."""

_CLOCKS = {
    "hh:mm",
    "h:mm",
    "h:m",
    "h:m:s",
    "hh:mm:ss",
    "h:mm:ss",
    "hh:mm:ss.sss",
    "[h]:mm",
    "hms",
    "hm",
}
_UNIT_IN_NAME = (
    (1, re.compile(r"\b(seconds?|sekunden|secondes|segundos|secondi|seconden|timespentseconds)\b")),
    (MINUTE, re.compile(r"\b(minutes?|mins?|minuten|minutos|minuti|duration m)\b")),
    (
        HOUR,
        re.compile(
            r"\b(hours?|hrs|std|stunden|heures|horas|ore|uren|hourstobill|timetaken|time "
            r"taken|godziny|timmar|\w+hours)\b"
        ),
    ),
)
_TRAILING = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*$")


class Heading(NamedTuple):
    """What a heading says: its field (empty where unknown), how well it fits (0 is best), and the
    unit of bare numbers.
    """

    plain: str
    field: str = ""
    rank: int = 0
    unit: int = 0
    is_decimal: bool = False


def plain(heading: str) -> str:
    """Return a heading as it is compared; `hoursWorked`, `Hours_Worked` and `Hours worked?` are one
    name.
    """
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading.strip("\ufeff \t\r\n\"'"))
    return folded(re.sub(r"[_\s]+", " ", text)).strip(" ?:*.#")


_FIELD_OF: dict[str, tuple[str, int]] = {}
for _field, _text in NAMES.items():
    for _rank, _name in enumerate(
        name.strip() for name in re.split(r"[|\n]", _text) if name.strip()
    ):
        _FIELD_OF.setdefault(_name, (_field, _rank))
        _FIELD_OF.setdefault(_name.replace(" ", ""), (_field, _rank))


@lru_cache(maxsize=4096)
def read_heading(heading: str) -> Heading:
    """Recognise a heading by its name alone."""
    name = plain(heading)
    whole = name
    unit, decimal = 0, False
    if (match := _TRAILING.search(name)) and match.start():
        inside, name = match[1].strip(), name[: match.start()].strip()
        unit, decimal = UNIT_OF.get(inside, 0), inside.startswith("dec") or inside == "dezimal"
        if unit == HOUR and inside == "h" and _FIELD_OF.get(name, ("",))[0] == "duration":
            decimal = False
        if inside in _CLOCKS:
            unit = 0
    if whole in NEVER or name in NEVER:
        return Heading(whole)
    field, rank = _FIELD_OF.get(whole) or _FIELD_OF.get(name) or ("", 0)
    if field in ("duration", "rounded", "billed") and not unit:
        unit = next((seconds for seconds, pattern in _UNIT_IN_NAME if pattern.search(name)), 0)
        decimal = decimal or "decimal" in name
    return Heading(whole, field, rank, unit, decimal)


def labels(header: Sequence[str]) -> list[str]:
    """Return a name for each column that no other column has: of two with the same heading the
    later says its number.
    """
    seen: set[str] = set()
    named = []
    for number, heading in enumerate(header, 1):
        text = " ".join(heading.strip("\ufeff \t\r\n").split()) or f"column {number}"
        named.append(text if text not in seen else f"{text} (column {number})")
        seen.add(named[-1])
    return named
