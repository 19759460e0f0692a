"""Why the ledger refuses: one class a refusal. Its docstring is the sentence that people read, its
code is what programs keep to, and its field names what was wrong where one thing was.
"""

from typing import ClassVar

from django.utils.translation import gettext as _


class LedgerError(ValueError):
    """A rule of the ledger stands against this. Nothing was stored."""

    code: ClassVar[str] = "refused"
    field: ClassVar[str] = ""

    def __init__(self, message: str = "", **said: object) -> None:
        written = " ".join((self.__doc__ or "").split())
        super().__init__(message or (_(written) % said if said else _(written)))


# Lines of work


class NothingWorked(LedgerError):
    """Nothing was worked: the time must be more than 0."""

    code, field = "nothing_worked", "amount"


class TimeOutOfBounds(LedgerError):
    """The time must be between 0 and 1,000 hours."""

    code, field = "time_out_of_bounds", "amount"


class TextTooLong(LedgerError):
    """The %(name)s is longer than %(most)s characters."""

    code = "text_too_long"


class CountsLikeNothing(LedgerError):
    """A line of this retainer cannot count like that."""

    code, field = "counts_like_nothing", "scope"


class NotAWholeSecond(LedgerError):
    """A line begins at a whole second."""

    code, field = "not_a_whole_second", "started"


class BeforeTheStart(LedgerError):
    """%(on)s is not within this retainer: it starts on %(starts_on)s."""

    code, field = "before_the_start", "on"


class AfterTheEnd(LedgerError):
    """%(on)s is not within this retainer: it ends on %(last_day)s."""

    code, field = "after_the_end", "on"


class LineChanged(LedgerError):
    """This line was changed in the meantime. Look at it again before you change it."""

    code = "line_changed"


class CorrectsAnother(LedgerError):
    """This line corrects another one. Change that one instead."""

    code = "corrects_another"


class TakenOutAlready(LedgerError):
    """This line was taken out already."""

    code = "taken_out_already"


class StandsAlready(LedgerError):
    """This line stands in the log already."""

    code = "stands_already"


class DayAndTimeStay(LedgerError):
    """This line stands in a closed cycle, so its day and time stay. Take it out and log it anew, or
    reopen the cycle.
    """

    code, field = "day_and_time_stay", "on"


class PlanRefuses(LedgerError):
    """The plan of the workspace has no room for it; its own sentence says what would be."""

    code = "plan"


# Hours granted, moved, approved and decided on


class ExtraHoursOutOfBounds(LedgerError):
    """Extra hours must be more than 0 and less than 100,000."""

    code, field = "extra_hours_out_of_bounds", "amount"


class ExpiresBeforeItBegins(LedgerError):
    """The extra hours would expire before they begin."""

    code, field = "expires_before_it_begins", "until"


class ExpiresTooLate(LedgerError):
    """The extra hours would expire too far ahead; let them never expire."""

    code, field = "expires_too_late", "until"


class NoKindOfHours(LedgerError):
    """Extra hours are bought, or given as goodwill."""

    code, field = "no_kind_of_hours", "kind"


class ChangeOutOfBounds(LedgerError):
    """The change must be more or less than 0, and at most 100,000 hours."""

    code, field = "change_out_of_bounds", "cap"


class PausedHasNoHours(LedgerError):
    """A paused cycle has no hours of its own to change."""

    code, field = "paused_has_no_hours", "on"


class HoursAlready(LedgerError):
    """These are the hours the cycle has already."""

    code, field = "hours_already", "cap"


class LessAwaits(LedgerError):
    """%(time)s await a decision in that cycle."""

    code, field = "less_awaits", "amount"


class NoOutcome(LedgerError):
    """Extra time is billed, taken from the next hours, or not charged."""

    code, field = "no_outcome", "outcome"


class RateOutOfBounds(LedgerError):
    """This rate is below 0, or absurdly large."""

    code, field = "rate_out_of_bounds", "rate"


class RateMissing(LedgerError):
    """Say at which rate the extra hours are billed; 0 is at no charge."""

    code, field = "rate_missing", "rate"


class ApprovalOutOfBounds(LedgerError):
    """The days of an approval lie between %(first)s and %(last)s."""

    code, field = "approval_out_of_bounds", "ends_on"


class ApprovalEndsBeforeItBegins(LedgerError):
    """The approval would end before it begins."""

    code, field = "approval_ends_before_it_begins", "ends_on"


# Planned work


class PlanOutOfBounds(LedgerError):
    """Planned work must be more than 0 and less than 100,000."""

    code, field = "plan_out_of_bounds", "amount"


class PlanEndsTooLate(LedgerError):
    """The planned work would end too far ahead."""

    code, field = "plan_ends_too_late", "ends_on"


class PlanEndsBeforeItBegins(LedgerError):
    """The planned work would end before it begins."""

    code, field = "plan_ends_before_it_begins", "ends_on"


class PlanIsOver(LedgerError):
    """Those days are over: log the work instead of planning it."""

    code, field = "plan_is_over", "ends_on"


class PlanBeyondItsCycle(LedgerError):
    """The cycle ends on %(day)s. Plan up to that day, and the rest in the next cycle."""

    code, field = "plan_beyond_its_cycle", "ends_on"


# What was agreed


class TermsChanged(LedgerError):
    """The terms were changed in the meantime. Look at them again before you do."""

    code = "terms_changed"


class CapOutOfBounds(LedgerError):
    """The hours per cycle must be between 0 and 100,000."""

    code, field = "cap_out_of_bounds", "hours"


class NoLaterTerms(LedgerError):
    """No later terms take effect on %(day)s."""

    code, field = "no_later_terms", "effective_on"


class TermsDoNotFit(LedgerError):
    """These terms do not fit the others, or are none at all; the message says where."""

    code, field = "terms_do_not_fit", "effective_on"


class NoCycleToPause(LedgerError):
    """No cycle starts on %(day)s, or that is so already."""

    code = "no_cycle_to_pause"


class ChangedByHand(LedgerError):
    """The hours of this cycle were changed by hand; a paused cycle has none."""

    code = "changed_by_hand"


class MovesAPause(LedgerError):
    """The cycle of %(day)s is paused and would no longer begin then."""

    code, field = "moves_a_pause", "effective_on"


class MovesLateWork(LedgerError):
    """Late work or a decision counts in the cycle of %(day)s, which would no longer begin then."""

    code, field = "moves_late_work", "effective_on"


class EndStays(LedgerError):
    """Every cycle is closed; the end stays."""

    code, field = "end_stays", "ends_on"


class EndsBeforeItStarts(LedgerError):
    """The retainer starts on %(day)s; it cannot end before."""

    code, field = "ends_before_it_starts", "ends_on"


class EndsTooLate(LedgerError):
    """The retainer would end too far ahead."""

    code, field = "ends_too_late", "ends_on"


class LinesAfterTheEnd(LedgerError):
    """%(n)s lines are dated after %(day)s. Take them out or choose a later end."""

    code, field = "lines_after_the_end", "ends_on"


class HoursAfterTheEnd(LedgerError):
    """Hours were added for a cycle after %(day)s. Choose a later end."""

    code, field = "hours_after_the_end", "ends_on"


class WorkPlannedAfterTheEnd(LedgerError):
    """Work is planned after %(day)s. Clear that plan or choose a later end."""

    code, field = "work_planned_after_the_end", "ends_on"


# Cycles and statements


class OutsideTheRetainer(LedgerError):
    """%(on)s is not within this retainer."""

    code, field = "outside_the_retainer", "on"


class CycleClosed(LedgerError):
    """The cycle of %(on)s is closed; its hours no longer change."""

    code, field = "cycle_closed", "on"


class EverythingClosed(LedgerError):
    """Every cycle of this retainer is closed. Reopen one to add late work."""

    code = "everything_closed"


class NothingToClose(LedgerError):
    """The cycle of %(day)s is closed already, or there is none."""

    code = "nothing_to_close"


class NotOverYet(LedgerError):
    """This cycle can be closed once its last day is over, from %(day)s on."""

    code = "not_over_yet"


class ReasonMissing(LedgerError):
    """Say why the cycle is reopened: your client sees the reason."""

    code, field = "reason_missing", "reason"


class LogChanged(LedgerError):
    """The log has changed since the difference was shown. Look at it again."""

    code = "log_changed"


class NothingToReopen(LedgerError):
    """No closed cycle starts on %(day)s."""

    code = "nothing_to_reopen"


class NotReopened(LedgerError):
    """%(on)s is not within the cycles that are reopened."""

    code, field = "not_reopened", "on"


# What an import brought


class LinesChangedSince(LedgerError):
    """%(later)s lines of this import were changed since: %(named)s. Take those changes back first."""

    code = "lines_changed_since"


class ClosedError(LedgerError):
    """%(count)s lines of this import stand in cycles that are closed: %(named)s. They can be taken
    back as corrections.
    """

    code = "lines_stand_in_closed_cycles"
