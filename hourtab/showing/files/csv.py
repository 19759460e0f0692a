"""Statements, stories and present cycles as CSV."""

from datetime import date

from django.utils.translation import gettext as _

from hourtab.core.amounts import clock, count
from hourtab.ledger.line import Work
from hourtab.lib.csv import Cell, Exact, table
from hourtab.sharing.models import ShareLink
from hourtab.showing.files.present import Present
from hourtab.showing.log import texts_of
from hourtab.showing.statement import StatementPage
from hourtab.showing.story import Story


def lines_csv(page: StatementPage | Story | Present, link: ShareLink) -> bytes:
    """Return the lines this link may show, oldest first; durations as h:mm, and as whole seconds
    (or hundredths).
    """
    names = {"description": _("Work"), "category": _("Kind of work"), "person": _("Who")}
    shown = list(texts_of(Work(date.min, 0), link))
    head = [_("Day"), *(names[name] for name in shown), _("Scope")]
    worked = [_("Time")] if link.shows_worked else []
    balance = [] if isinstance(page, Story) else [_("Left after it")]
    rows: list[list[Cell]] = []
    for line in page.lines:
        work = line.work
        left = [line.balance] if balance else []
        raw = [_written(work.amount, page.words.unit)] if worked else []
        figures = [*raw, _written(line.charged, page.words.unit), line.charged, *left]
        rows.append([work.on, *texts_of(work, link).values(), work.scope, *figures])
    columns = [*head, *worked, _("Charged"), _("Charged (exact)"), *balance]
    return table(columns, rows).encode("utf-8-sig")


def _written(amount: int, unit: str) -> Exact:
    return Exact(clock(amount) if unit == "hour" else count(amount))
