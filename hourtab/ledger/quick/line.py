"""The quick line: `Session 3 prep: prior notes, 45m @acme yesterday`, understood as it is typed.

Nothing is guessed: a line that could mean two things is refused with a sentence that names both.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from hourtab.core import amounts
from hourtab.core.amounts import AmountError
from hourtab.lib.text import clean
from hourtab.retainers.models import Retainer

_AT = re.compile(r"(?:^|(?<=\s))@(\S+)")
_ISO = re.compile(r"(?<!\S)(\d{4}-\d\d-\d\d)(?=$|[\s,])", re.ASCII)
_DOTTED = re.compile(r"(?<!\S)(\d{1,2})\.(\d{1,2})\.(\d{4})?(?=$|[\s,])", re.ASCII)
_SLASHED = re.compile(r"(?<!\S)\d{1,4}/\d{1,2}(/\d{1,4})?(?=$|[\s,])", re.ASCII)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_WORD = re.compile(
    rf"(?:(?<=\s)|(?<=,)|^)(today|yesterday|(?:last |on )?(?:{'|'.join(_DAYS)}))\s*$", re.IGNORECASE
)
_HOURS, _MINUTES, _SECONDS = (
    "|".join(sorted(amounts.UNIT_WORDS[unit], key=len, reverse=True))
    for unit in (amounts.HOUR, amounts.MINUTE, 1)
)
_TIME = re.compile(
    rf"""(?<![\w.,:])(?:
        \d+(?:[.,]\d+)?[ ]?(?:{_HOURS})(?![a-z])\.?(?:[ ]?\d{{1,2}}(?:[ ]?(?:{_MINUTES})(?![a-z])\.?)?)?
        |\d+(?:[.,]\d+)?[ ]?(?:{_MINUTES})(?![a-z])\.?
        |\d+(?:[.,]\d+)?[ ]?(?:{_SECONDS})(?![a-z])\.?
        |\d+:\d{{1,2}}(?::\d\d)?
    )(?![\w:])""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
"""Such as `1h 30m`, `1.5 hours`, `2 Std.`, `45m`, `90 sec`, `1:30`."""
_COUNT = re.compile(
    r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s*(?:x|sessions?|deliverables?)(?!\w)", re.IGNORECASE | re.ASCII
)
_BARE = re.compile(r",\s*(\d+(?:[.,]\d+)?)\s*$", re.ASCII)


class QuickLineError(ValueError):
    """The line is not understood; the message says which part, and what would be."""


@dataclass(frozen=True, slots=True)
class QuickLine:
    """What a line says. `before_colon` is text that would be the category, were it known."""

    retainer: Retainer
    on: date
    seconds: int
    category: str
    description: str
    before_colon: str = ""


def read(line: str, retainers: Iterable[Retainer], today: date) -> QuickLine:
    """Read a line against the retainers it may mean. Raises `QuickLineError` with a sentence."""
    text = " ".join(clean(line).split())
    handles = _AT.findall(text)
    text = " ".join(_AT.sub(" ", text).split())
    if len(handles) > 1:
        raise QuickLineError(
            _("The line names two clients: %(handles)s. Write one.")
            % {"handles": " and ".join("@" + handle for handle in handles)}
        )
    retainer = _find(handles[0].rstrip(",.;") if handles else "", list(retainers))
    text, on = _take_day(text, today)
    text, seconds = _take_time(text) if retainer.unit == "hour" else _take_count(text)
    description = text.strip(" ,;")
    before, colon, after = description.partition(":")
    known = {category.name.casefold(): category.name for category in retainer.categories.all()}
    if colon and before.strip().casefold() in known:
        return QuickLine(retainer, on, seconds, known[before.strip().casefold()], after.strip())
    if not description:
        raise QuickLineError(_("Say what was done, for example: Prep call, 45m @client"))
    return QuickLine(
        retainer,
        on,
        seconds,
        "",
        description,
        before.strip() if colon and after.strip() and len(before) <= 60 else "",
    )


def slug(text: str) -> str:
    """Return a name as it may be typed after the @."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or text
    return re.sub(r"[^a-z0-9]+", "-", plain.casefold()).strip("-") or text.casefold()


def handle_of(retainer: Retainer) -> str:
    """Return what to type for a retainer: its client's first word, the rest where that is not
    enough is offered.
    """
    return f"@{slug(retainer.client.name)}/{slug(retainer.name)}"


def _find(handle: str, retainers: Sequence[Retainer]) -> Retainer:
    if not retainers:
        raise QuickLineError(_("There is no retainer yet. Open one first."))
    if not handle:
        if len(retainers) == 1:
            return retainers[0]
        raise QuickLineError(
            _("Say for whom, for example %(handle)s.") % {"handle": handle_of(retainers[0])}
        )
    by_ref = [retainer for retainer in retainers if retainer.ref == handle]
    if by_ref:
        return by_ref[0]
    client, _slash, name = handle.partition("/")
    wanted, part = slug(client), slug(name) if name else ""
    for matches in (
        lambda have: have == wanted,
        lambda have: have.startswith(wanted),
        lambda have: wanted in have,
    ):
        found = [
            r
            for r in retainers
            if matches(slug(r.client.name))
            and (not part or slug(r.name).startswith(part) or part in slug(r.name))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            offered = ", ".join(handle_of(retainer) for retainer in found[:4])
            raise QuickLineError(
                _("“@%(handle)s” could be %(count)s retainers. Write one of %(offered)s.")
                % {"handle": handle, "count": len(found), "offered": offered}
            )
    raise QuickLineError(
        _("No client matches “@%(handle)s”. Known: %(known)s.")
        % {
            "handle": handle,
            "known": ", ".join(dict.fromkeys("@" + slug(r.client.name) for r in retainers[:8])),
        }
    )


def _take_day(text: str, today: date) -> tuple[str, date]:
    if slashed := _SLASHED.search(text):
        raise QuickLineError(
            _("“%(slashed)s” could be two dates. Write it like %(day)s.")
            % {"slashed": slashed[0], "day": today.isoformat()}
        )
    found: list[tuple[str, date]] = []
    if iso := _ISO.search(text):
        found.append((iso[0], _date(iso[1])))
    if dotted := _DOTTED.search(text):
        day, month, year = dotted.groups()
        on = _date(f"{year or today.year}-{int(month):02d}-{int(day):02d}")
        found.append(
            (
                dotted[0],
                on
                if year or on <= today
                else _date(f"{today.year - 1}-{int(month):02d}-{int(day):02d}"),
            )
        )
    if word := _DAY_WORD.search(text):
        found.append((word[0], _named_day(word[1].lower(), today)))
    if len(found) > 1:
        raise QuickLineError(
            _("The line names two days: “%(one)s” and “%(other)s”. Write one.")
            % {"one": found[0][0].strip(), "other": found[1][0].strip()}
        )
    if not found:
        return text, today
    at = text.rindex(found[0][0])
    return f"{text[:at].rstrip()} {text[at + len(found[0][0]) :].lstrip()}".strip(), found[0][1]


def _named_day(word: str, today: date) -> date:
    if word in ("today", "yesterday"):
        return today - timedelta(days=word == "yesterday")
    weekday = _DAYS.index(word.rpartition(" ")[2])
    back = (today.weekday() - weekday) % 7
    return today - timedelta(days=back or (7 if word.startswith("last ") else 0))


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise QuickLineError(_("%(text)s is not in the calendar.") % {"text": text}) from None


def _take_count(text: str) -> tuple[str, int]:
    """Take `2 sessions`, `3x` or a number after the last comma off a line; one, where it says
    none.
    """
    match = _COUNT.search(text) or _BARE.search(text)
    if match is None:
        return text, 100
    try:
        count = amounts.parse_count(match[1])
    except AmountError as error:
        raise QuickLineError(str(error)) from None
    return f"{text[: match.start()].rstrip(' ,')} {text[match.end() :].lstrip(' ,')}".strip(), count


def _take_time(text: str) -> tuple[str, int]:
    matches = list(_TIME.finditer(text))
    if len(matches) > 1:
        after_comma = [
            match
            for match in matches
            if text[: match.start()].rstrip().endswith(",") and not text[match.end() :].strip(" ,")
        ]
        matches = after_comma or matches
    if len(matches) > 1:
        raise QuickLineError(
            _(
                "Two durations: “%(one)s” and “%(other)s”. Put the time worked at the end, after a comma."
            )
            % {"one": matches[0][0], "other": matches[1][0]}
        )
    match = matches[0] if matches else _BARE.search(text)
    if match is None:
        raise QuickLineError(_("Say how long it took, for example 45m or 1h 30m."))
    try:
        seconds = amounts.parse(match[0].strip(" ,"))
    except AmountError as error:
        raise QuickLineError(str(error)) from None
    return (
        f"{text[: match.start()].rstrip(' ,')} {text[match.end() :].lstrip(' ,')}".strip(),
        seconds,
    )
