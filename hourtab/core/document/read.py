"""The open ledger document (ledger §10): JSON in both directions, every refusal with the path of
the field.

`from_text` and `from_json` are the only door for foreign input, so it checks everything the calculation relies on.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from hourtab.core import entries, terms
from hourtab.core.amounts import Rounding
from hourtab.core.document import checks, proof, write
from hourtab.core.document.fields import (
    DocumentError,
    Fields,
    refuse_constant,
    refuse_duplicates,
    refuse_unwritable,
)
from hourtab.core.entries import Ledger


@dataclass(frozen=True, slots=True)
class Document:
    """A ledger and the date it is to be read at; `chain` where it carries one, verified."""

    ledger: Ledger
    as_of: date
    chain: proof.Verified | None = None


def from_text(text: str | bytes) -> Document:
    """Read a ledger document. Raises `DocumentError` with the path of the first field that breaks a
    rule.
    """
    return from_json(parse(text))


def parse(text: str | bytes) -> Any:
    """Parse JSON, refusing what it allows and a document must not have: a key given twice, NaN, half
    of a character, nesting without end. Raises `DocumentError`.
    """
    try:
        said = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        raw = json.loads(said, object_pairs_hook=refuse_duplicates, parse_constant=refuse_constant)
    except UnicodeDecodeError as error:
        raise DocumentError("", f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise DocumentError(
            "", f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise DocumentError("", "nested too deeply for a document") from None
    except ValueError as error:
        if isinstance(error, DocumentError):
            raise
        raise DocumentError("", "not a document: a number in it is too long") from None
    refuse_unwritable(raw, said)
    return raw


def from_json(raw: object) -> Document:
    """Read a ledger document that was parsed already, under the same rules as `from_text`."""
    top = Fields(raw, "")
    if top.take("format", None) != write.LEDGER_FORMAT:
        raise DocumentError("format", f'must be "{write.LEDGER_FORMAT}"')
    agreed = _retainer(Fields(top.take("retainer"), "retainer"))
    day = _day_within(agreed)
    document = Document(
        Ledger(
            retainer=agreed,
            terms=_terms(top, agreed),
            entries=top.each("entries", lambda item: _entry(item, agreed, day), unique="id"),
            topups=top.each("topups", lambda item: _topup(item, day), unique="id"),
            transfers=top.each("transfers", lambda item: _transfer(item, day), unique="id"),
            authorisations=top.each("authorisations", _authorisation, unique="id"),
            pauses=frozenset(top.each("pauses", _pause)),
            holds=top.each("holds", lambda item: _hold(item, day), unique="id"),
            decisions=top.each("decisions", _decision, unique="id"),
            closes=top.each("closes", _close, unique="cycle"),
        ),
        top.day("as_of"),
    )
    revisions = top.take("revisions", None)
    top.end()
    calendar = checks.check_cycles(document.ledger, top)
    checks.check_closes(document.ledger, calendar)
    checks.check_posting(document.ledger, calendar)
    checks.check_settling(document.ledger, document.as_of, calendar)
    if revisions is None or revisions == []:
        return document
    return replace(
        document, chain=proof.verify(revisions, write.to_json(document.ledger, document.as_of))
    )


def _retainer(fields: Fields) -> terms.Retainer:
    built = terms.Retainer(
        name=fields.text("name", ""),
        zone=fields.text("zone", "UTC"),
        unit=fields.choice("unit", terms.Unit, "hour"),
        starts_on=fields.day("starts_on"),
        ends_on=fields.maybe_day("ends_on"),
        currency=None if fields.take("currency", None) is None else fields.text("currency"),
    )
    fields.end()
    try:
        ZoneInfo(built.zone)
    except (ValueError, OSError, LookupError):
        raise DocumentError(
            fields.at("zone"), f"“{built.zone}” is not a time zone; write for example Europe/Berlin"
        ) from None
    if built.ends_on is not None and built.ends_on < built.starts_on:
        raise DocumentError(fields.at("ends_on"), "is before starts_on")
    if built.currency is not None and not re.fullmatch("[A-Z]{3}", built.currency):
        raise DocumentError(
            fields.at("currency"), "must be a code of three capital letters like EUR"
        )
    return built


def _terms(top: Fields, retainer: terms.Retainer) -> tuple[terms.Terms, ...]:
    versions = top.each("terms", lambda fields: _version(fields, retainer), unique="effective_on")
    if not versions:
        raise DocumentError("terms", "must hold at least one version")
    return tuple(sorted(versions, key=lambda version: version.effective_on))


def _version(fields: Fields, retainer: terms.Retainer) -> terms.Terms:
    rollover, overage, rounding = (
        fields.object(key) for key in ("rollover", "overage", "rounding")
    )
    version = terms.Terms(
        effective_on=fields.day("effective_on"),
        cap=fields.whole("cap"),
        cadence=fields.choice("cadence", terms.Cadence),
        anchor_on=fields.day("anchor_on"),
        stub=fields.choice("stub", terms.Stub, "full"),
        rollover=terms.Rollover(
            cycles=rollover.maybe_whole("cycles", 0, of="cycles"), max=_rollover_max(rollover)
        ),
        overage=terms.Overage(
            policy=overage.choice("policy", terms.Policy, "ask"),
            debt_max=overage.maybe_whole("debt_max"),
            rate=overage.maybe_whole("rate", of="minor units"),
        ),
        rounding=Rounding(
            step=rounding.whole("step", 0),
            mode=_mode(rounding),
            minimum=rounding.whole("minimum", 0),
        ),
        fee=fields.maybe_whole("fee", of="minor units"),
        grace_days=fields.whole("grace_days", 10, of="days"),
    )
    for part in (rollover, overage, rounding):
        part.end()
    if retainer.unit != "hour" and (version.rounding.step or version.rounding.minimum):
        raise DocumentError(rounding.path, "counted units are not rounded; leave it out")
    return version


def _mode(rounding: Fields) -> Any:
    mode = rounding.take("mode", "up")
    if mode not in ("up", "nearest", "down"):
        raise DocumentError(rounding.at("mode"), "must be one of up, nearest, down")
    return mode


def _rollover_max(rollover: Fields) -> int | terms.Percent | None:
    if not isinstance(rollover.take("max", None), dict):
        return rollover.maybe_whole("max")
    fields = rollover.object("max")
    percent = terms.Percent(fields.whole("percent", of="percent"))
    fields.end()
    return percent


type _DayWithin = Callable[[Fields, str], date]


def _day_within(retainer: terms.Retainer) -> _DayWithin:
    def day(fields: Fields, key: str) -> date:
        value = fields.day(key)
        if value < retainer.starts_on:
            raise DocumentError(
                fields.at(key), f"{value} is before the retainer starts ({retainer.starts_on})"
            )
        if retainer.ends_on is not None and value > retainer.ends_on:
            raise DocumentError(
                fields.at(key), f"{value} is after the retainer ended ({retainer.ends_on})"
            )
        return value

    return day


def _entry(fields: Fields, retainer: terms.Retainer, day: _DayWithin) -> entries.Entry:
    corrects = (
        None
        if fields.take("corrects", None) is None
        else fields.text("corrects", allow_empty=False)
    )
    entry = entries.Entry(
        id=fields.text("id", allow_empty=False),
        on=day(fields, "on"),
        amount=fields.whole(
            "amount",
            least=0 if corrects is None else None,
            of="seconds" if retainer.unit == "hour" else "hundredths",
        ),
        started=_time_of_day(fields),
        weight=fields.whole("weight", 100, of="percent"),
        scope=fields.choice("scope", entries.Scope, "retainer"),
        category=fields.text("category", ""),
        project=fields.text("project", ""),
        person=fields.text("person", ""),
        description=fields.text("description", ""),
        outcome=None
        if fields.take("outcome", None) is None
        else fields.choice("outcome", entries.Outcome),
        posted=None if fields.take("posted", None) is None else day(fields, "posted"),
        corrects=corrects,
    )
    if entry.outcome and entry.outcome not in _OUTCOMES[retainer.unit]:
        allowed = (
            ", ".join(_OUTCOMES[retainer.unit])
            or "nothing: only sessions and deliverables have an outcome"
        )
        raise DocumentError(
            fields.at("outcome"), f"of a retainer of {retainer.unit}s must be one of {allowed}"
        )
    return entry


_OUTCOMES: Mapping[str, tuple[str, ...]] = {
    "hour": (),
    "session": ("held", "cancelled_in_time", "cancelled_late", "no_show", "cancelled_by_provider"),
    "deliverable": ("accepted", "rejected"),
}


def _time_of_day(fields: Fields) -> time | None:
    value = fields.take("started", None)
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(
        r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", value, re.ASCII
    ):
        raise DocumentError(fields.at("started"), "must be a time of day like 09:00:00")
    return time.fromisoformat(value)


def _topup(fields: Fields, day: _DayWithin) -> entries.TopUp:
    on, until = day(fields, "on"), fields.take("until", None)
    topup = entries.TopUp(
        id=fields.text("id", allow_empty=False),
        on=on,
        amount=fields.whole("amount"),
        kind="goodwill" if fields.take("kind", "topup") == "goodwill" else "topup",
        until=until if until in (None, "never") else fields.day("until"),
    )
    if fields.take("kind", "topup") not in ("topup", "goodwill"):
        raise DocumentError(fields.at("kind"), "must be one of topup, goodwill")
    if isinstance(topup.until, date) and topup.until < on:
        raise DocumentError(fields.at("until"), "is before on")
    return topup


def _transfer(fields: Fields, day: _DayWithin) -> entries.Transfer:
    return entries.Transfer(
        id=fields.text("id", allow_empty=False),
        on=day(fields, "on"),
        amount=fields.whole("amount", least=None),
    )


def _authorisation(fields: Fields) -> entries.Authorisation:
    built = entries.Authorisation(
        id=fields.text("id", allow_empty=False),
        amount=fields.whole("amount"),
        rate=fields.maybe_whole("rate", of="minor units"),
        from_=fields.day("from"),
        until=fields.day("until"),
    )
    if built.until < built.from_:
        raise DocumentError(fields.at("until"), "is before from")
    return built


def _hold(fields: Fields, day: _DayWithin) -> entries.Hold:
    built = entries.Hold(
        id=fields.text("id", allow_empty=False),
        from_=day(fields, "from"),
        until=fields.day("until"),
        amount=fields.whole("amount"),
    )
    if built.until < built.from_:
        raise DocumentError(fields.at("until"), "is before from")
    return built


def _pause(fields: Fields) -> date:
    return fields.day("cycle")


def _decision(fields: Fields) -> entries.Decision:
    return entries.Decision(
        id=fields.text("id", allow_empty=False),
        cycle=fields.day("cycle"),
        amount=fields.whole("amount"),
        outcome=fields.choice("outcome", entries.Settlement),
        rate=fields.maybe_whole("rate", of="minor units"),
        on=fields.day("on"),
        posted=None if fields.take("posted", None) is None else fields.day("posted"),
    )


def _close(fields: Fields) -> entries.Close:
    return entries.Close(cycle=fields.day("cycle"), on=fields.day("on"))
