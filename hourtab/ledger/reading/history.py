"""What each write was about, in a few words. Texts come from the revisions, so that an erased one
is gone here, too.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from hourtab.ledger.models import Revision, Write
from hourtab.lib.database import in_chunks
from hourtab.lib.words import Words


def abouts(writes: Sequence[Write], words: Words) -> dict[int, str]:
    """Return, by the key of each write, what it was about."""
    first: dict[int, Revision] = {}
    for some in in_chunks([write.pk for write in writes if write.count == len(write.records) + 1]):
        for row in Revision.objects.filter(write__in=some).order_by("-pk"):
            first[row.write_id] = row
    return {write.pk: _about(write, first.get(write.pk), words) for write in writes}


def _about(write: Write, row: Revision | None, words: Words) -> str:
    if row is not None:
        time = words.signed(row.amount) if row.amount < 0 else words.amount(row.amount)
        text = row.description or row.category or (_("text erased") if row.erased else "")
        return " · ".join(part for part in (words.full_day(row.on), time, text) if part)
    told = (
        [_record(record, words) for record in write.records[:3]]
        if write.kind != Write.Kind.OPEN
        else []
    )
    said = "; ".join(part for part in told if part)
    return said or write.label


def _record(record: dict[str, Any], words: Words) -> str:
    kind = record["record"]
    day = next(
        (record[key] for key in ("effective_on", "cycle", "on", "from") if record.get(key)), None
    )
    when = words.full_day(date.fromisoformat(day)) if day else ""
    if kind in ("topup", "transfer"):
        return f"{words.signed(record['amount'])} · {when}"
    if kind in ("hold", "authorisation"):
        return f"{words.amount(record['amount'])} · {when}"
    if kind == "decision":
        outcomes = {
            "bill": _("billed"),
            "deduct": _("taken from the next hours"),
            "absorb": _("not charged"),
        }
        return f"{words.amount(record['amount'])} {outcomes[record['outcome']]} · {when}"
    if kind == "retainer":
        end = record.get("ends_on")
        return (
            _("ends on %(day)s") % {"day": words.full_day(date.fromisoformat(end))}
            if end
            else _("no end")
        )
    if kind.endswith("_withdrawn"):
        return _("taken back: %(when)s") % {"when": when}
    return when
