"""The balance in words (ledger §8): never a negative number, the form of §4 while approved extra
hours are in use.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from hourtab.core.amounts import money
from hourtab.core.forecast import Forecast, forecast
from hourtab.core.results import CycleTotals
from hourtab.ledger.reading import closed, log, terms
from hourtab.ledger.reading.log import LogLine
from hourtab.lib.words import Words
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class Mark:
    """A short word beside a line, and what it means."""

    word: str
    why: str


@dataclass(frozen=True, slots=True)
class Before:
    """The cycle before the present one, which is over and not closed yet. It closes by itself on
    `closes_on`, or by hand.
    """

    starts_on: date
    ends_on: date
    closes_on: date | None
    words: Words

    @property
    def name(self) -> str:
        """Its name: a month, where it is one."""
        return self.words.month_or_stretch(self.starts_on, self.ends_on)

    def closes(self, words: Words) -> str:
        """Say when it closes."""
        if self.closes_on is None:
            return _("not closed yet")
        return _("closes on %(day)s") % {"day": words.day(self.closes_on)}


def before_of(
    retainer: Retainer, cycles: Sequence[CycleTotals], today: date, words: Words
) -> Before | None:
    """Return the cycle before the present one while it is not closed; None where it is, or there is
    none.
    """
    if len(cycles) < 2 or cycles[-2].state == "closed":
        return None
    waiting = closed.unclosed(retainer, today)
    cycle = next((item for item in waiting if item.starts_on == cycles[-2].starts_on), None)
    if cycle is None:
        return None
    by_hand = any(
        closed.is_history(retainer, item) for item in waiting if item.ends_before <= today
    )
    return Before(cycle.starts_on, cycle.ends_on, None if by_hand else closed.due_on(cycle), words)


def over(cycle: CycleTotals) -> int:
    """Return how far use is beyond what was available."""
    return max(0, cycle.used - cycle.available)


def beyond(cycle: CycleTotals) -> int:
    """Return how far use is beyond what was available and what was approved on top of it."""
    return over(cycle) - cycle.authorised


def level(cycle: CycleTotals) -> str:
    """Return `over`, `near` (80 % or more used, or into approved extra hours) or `enough`."""
    if beyond(cycle) > 0:
        return "over"
    return "near" if cycle.used * 100 >= 80 * cycle.available and cycle.used else "enough"


def headline(cycle: CycleTotals, words: Words) -> str:
    """Return the whole balance in one line: `14 of 20 h used · 6 h remain`."""
    return " · ".join(headline_parts(cycle, words))


def headline_parts(cycle: CycleTotals, words: Words) -> list[str]:
    """Return the parts of the headline, the one about use first."""
    whole = max(0, cycle.available)
    if not cycle.authorised:
        rest = (
            _("%(time)s over") % {"time": words.amount(over(cycle))}
            if over(cycle)
            else _("%(time)s remain") % {"time": words.amount(cycle.remaining)}
        )
        return [words.used_of(cycle.used, whole), rest]
    parts = [
        words.used_of(min(cycle.used, whole), whole),
        _("%(pair)s approved extra") % {"pair": words.pair(cycle.authorised, cycle.ceiling)},
    ]
    if cycle.awaiting:
        parts.append(_("%(time)s await approval") % {"time": words.amount(cycle.awaiting)})
    if (unsettled := beyond(cycle) - cycle.awaiting) > 0:
        parts.append(_("%(time)s over") % {"time": words.amount(unsettled)})
    return parts


def facts_of(
    retainer: Retainer,
    cycle: CycleTotals,
    today: date,
    words: Words,
    before: Before | None = None,
    charged_entries: int = 0,
    plans: Sequence[str] = (),
) -> list[tuple[str, str]]:
    """Return what stands under the bar: when it resets, how long the hours last, what was carried,
    added, taken, would expire.

    `before` is the cycle before while that is not closed: until then what was carried is
    provisional (ledger §5). `plans` are what planned work is for.
    """
    facts = []
    if cycle.state == "ended":
        facts.append((_("Ended"), words.full_day(cycle.ends_on)))
    elif retainer.ends_on == cycle.ends_on:
        facts.append((_("Ends"), in_days(cycle.ends_on, today, words)))
    elif cycle.ends_on != date.max:
        facts.append((_("Resets"), in_days(cycle.ends_on + timedelta(days=1), today, words)))
    if cycle.state == "paused":
        facts.append((_("Paused"), _("no new hours in this stretch")))
    if coming := forecast(cycle, charged_entries, today):
        facts.append((_("At this pace"), _in_words(coming, cycle, words)))
    if cycle.planned:
        facts.append(
            (
                _("Planned"),
                ", ".join(
                    [words.amount(cycle.planned), *plans[:2], *(["…"] if len(plans) > 2 else [])]
                ),
            )
        )
    if cycle.carried_in:
        said = _("%(hours)s for now, used first") if before else _("%(hours)s, used first")
        facts.append((_("Carried over"), said % {"hours": words.amount(cycle.carried_in)}))
    if before:
        facts.append((before.name, before.closes(words)))
    if cycle.topped_up:
        facts.append((_("Added"), words.amount(cycle.topped_up)))
    if cycle.transferred:
        facts.append((_("Changed in this cycle"), words.signed(cycle.transferred)))
    if cycle.reinstated:
        facts.append(
            (
                _("Used after they lapsed"),
                _("%(hours)s, for late work") % {"hours": words.amount(cycle.reinstated)},
            )
        )
    if awaiting := sum(cycle.pending.values()) - cycle.awaiting:
        facts.append(
            (
                _("From earlier cycles"),
                _("%(hours)s await a decision") % {"hours": words.amount(awaiting)},
            )
        )
    if cycle.absorbed > 0:
        rate = terms.terms_at(retainer, cycle.starts_on).overage.rate
        worth = money(cycle.absorbed, rate, counted=words.unit != "hour") if rate else 0
        given = {
            "hours": words.amount(cycle.absorbed),
            "worth": words.money(worth, retainer.currency),
        }
        facts.append(
            (
                _("Given at no charge"),
                _("%(hours)s, worth %(worth)s") % given if worth else given["hours"],
            )
        )
    if cycle.debt_in:
        facts.append((_("Taken in advance"), words.amount(cycle.debt_in)))
    if cycle.state in ("open", "paused") and cycle.lapsing and cycle.ends_on != date.max:
        expiring = _("%(hours)s, if not used by %(day)s") % {
            "hours": words.amount(cycle.lapsing),
            "day": words.day(cycle.ends_on),
        }
        facts.append((_("Would expire"), expiring))
    return facts


def _in_words(coming: Forecast, cycle: CycleTotals, words: Words) -> str:
    """Say about when the hours run out, or about what is left; to half an hour, or to whole
    units.
    """
    if coming.runs_out_on is not None:
        day = words.day(coming.runs_out_on)
        if coming.has_plans:
            return _("they last until about %(day)s, with what is planned") % {"day": day}
        return _("they last until about %(day)s") % {"day": day}
    step = 1800 if words.unit == "hour" else 100
    left = ((coming.left or 0) + step // 2) // step * step
    if not left:
        return _("they just last until %(day)s") % {"day": words.day(cycle.ends_on)}
    said = {"time": words.amount(left), "day": words.day(cycle.ends_on)}
    if coming.has_plans:
        return _("about %(time)s left on %(day)s, after what is planned") % said
    return _("about %(time)s left on %(day)s") % said


def source_in_words(source: str) -> str:
    """Say where the last change came from: `import:Toggl` is a Toggl import; nothing for what was
    written by hand.
    """
    kind, _colon, name = source.partition(":")
    return {"import": _("%(tool)s import") % {"tool": name}, "undo": _("import undone")}.get(
        kind, ""
    )


def in_days(on: date, today: date, words: Words) -> str:
    """Write a day and how far off it is: `1 July, in 9 days`."""
    days = (on - today).days
    if days == 0:
        return _("%(day)s, today") % {"day": words.day(on)}
    if days == 1:
        return _("%(day)s, tomorrow") % {"day": words.day(on)}
    return _("%(day)s, in %(n)s days") % {"day": words.day(on), "n": days}


@dataclass(frozen=True, slots=True)
class Correction:
    """What was corrected of a line, or by it: the other line's day and text, the difference, and
    why.
    """

    on: date
    text: str
    amount: int
    reason: str


def corrections_of(retainer: Retainer, lines: Sequence[LogLine]) -> dict[int, list[Correction]]:
    """Return what was corrected of these lines, or by them."""
    found = log.corrections_at(retainer, lines)
    return {
        key: [
            Correction(original.on, original.description, row.amount, row.reason)
            for row, original in pairs
        ]
        for key, pairs in found.items()
    }


_OUTCOMES = {
    "cancelled_in_time": (_lazy("called off in time"), _lazy("It does not count.")),
    "cancelled_by_provider": (_lazy("called off by us"), _lazy("It does not count.")),
    "cancelled_late": (_lazy("called off late"), _lazy("It counts, as agreed.")),
    "no_show": (_lazy("missed"), _lazy("It counts, as agreed.")),
    "accepted": (_lazy("accepted"), _lazy("Accepted by you.")),
    "rejected": (_lazy("rejected"), _lazy("It does not count.")),
}


def marks_of(
    line: LogLine, words: Words, corrections: Mapping[int, Sequence[Correction]] | None = None
) -> list[Mark]:
    """Return the marks of a line with their explanations; `corrections` by the key of the line they
    are shown at.
    """
    work, marks = line.work, []
    said = (corrections or {}).get(line.entry_id, ())
    if line.corrects:
        for item in said:
            text = _("Corrects “%(text)s” of %(day)s, whose cycle was closed, by %(time)s.") % {
                "text": item.text or "–",
                "day": words.day(item.on),
                "time": words.signed(item.amount),
            }
            marks.append(Mark(_("correction"), f"{text} {_reason(line.reason)}".strip()))
        return marks
    if work.posted is not None:
        why = _(
            "This work is of %(day)s. Its own cycle was closed when it was written, so it counts here."
        )
        marks.append(Mark(_("late"), why % {"day": words.day(work.on)}))
    for item in said:
        text = _("Corrected by %(time)s since; the difference counts where the correction stands.")
        marks.append(
            Mark(
                _("corrected"),
                f"{text % {'time': words.signed(item.amount)}} {_reason(item.reason)}".strip(),
            )
        )
    if work.outcome in _OUTCOMES:
        marks.append(Mark(*map(str, _OUTCOMES[work.outcome])))
    if line.was_edited:
        why = _("This line was changed after it was first written.")
        marks.append(Mark(_("edited"), f"{why} {_reason(line.reason)}".strip()))
    if work.scope == "courtesy":
        marks.append(Mark(_("no charge"), _("Delivered without drawing on the hours.")))
    elif work.scope == "project":
        marks.append(
            Mark(_("billed as project"), _("Billed apart; it does not draw on the hours."))
        )
    elif work.scope == "internal":
        marks.append(Mark(_("internal"), _("Never shown to the client.")))
    elif line.is_weighted:
        marks.append(Mark(f"{work.weight} %", _why_weighted(line, words)))
    return marks


def _why_weighted(line: LogLine, words: Words) -> str:
    """Say why a line counts at another rate than the clock's."""
    work = line.work
    counts = _("Counts at %(percent)s %% of the time worked.") % {"percent": work.weight}
    if not work.weighted_by:
        return counts
    began = f" ({words.weekday_name(work.on)}, {words.clock(work.started)})" if work.started else ""
    return f"{work.weighted_by}{began}. {counts}"


def _reason(reason: str) -> str:
    return _("Reason: %(reason)s") % {"reason": reason} if reason else ""
