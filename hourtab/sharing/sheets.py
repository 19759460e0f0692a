"""Statements and stories as CSV, guarded against formulas."""

import csv
import io

from django.utils.translation import gettext as _

from hourtab.core.amounts import clock
from hourtab.ledger.exports import guarded
from hourtab.sharing.models import ShareLink
from hourtab.sharing.statements import StatementPage
from hourtab.sharing.story import Story


def lines_csv(page: StatementPage | Story, link: ShareLink) -> bytes:
    """Return the lines this link may show, oldest first; durations as h:mm, and as whole seconds (or hundredths)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    head = [_("Day"), _("Work"), _("Scope")]
    head += [_("Kind of work")] if link.shows_categories else []
    head += [_("Who")] if link.shows_people else []
    balance = [_("Left after it")] if isinstance(page, StatementPage) else []
    writer.writerow([*head, _("Time"), _("Charged"), _("Charged (exact)"), *balance])
    for line in page.lines:
        work = line.work
        texts = [work.description, work.scope]
        texts += [work.category] if link.shows_categories else []
        texts += [work.person] if link.shows_people else []
        left = [line.balance] if balance else []
        figures = [_written(work.amount, page.words.unit), _written(line.charged, page.words.unit), line.charged, *left]
        writer.writerow([work.on.isoformat(), *map(guarded, texts), *figures])
    return out.getvalue().encode("utf-8-sig")


def _written(amount: int, unit: str) -> str:
    return clock(amount) if unit == "hour" else f"{amount / 100:g}"
