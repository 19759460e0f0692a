"""What the time of a cycle went into, by kind of work, project or person, in the sponsor's
words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from hourtab.ledger.reading.breakdown import Breakdown
from hourtab.lib.text import visible
from hourtab.lib.words import Words
from hourtab.sharing.models import ShareLink
from hourtab.showing.log import scopes_of

MOST = 12


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the whole: its name, its time, its width in thousandths of the largest, and how
    it is charged.
    """

    name: str
    time: str
    width: int
    how: str = ""
    is_apart: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """The parts, and by what they were split."""

    by: str
    shares: Sequence[Share]


def splits_by(link: ShareLink) -> str:
    """Return by what a link splits: nothing it hides elsewhere."""
    hidden = {"category": not link.shows_categories, "person": not link.shows_people}
    return "" if hidden.get(link.splits_by, False) else link.splits_by


def split_of(parts: Breakdown, link: ShareLink, words: Words) -> Split | None:
    """Return the split that a link shows; None where it shows none, or where there is nothing to
    tell apart.
    """
    by = splits_by(link)
    found = amounts_of(parts, link)
    if not found or (len(found) == 1 and found[0][1] in ("", None)):
        return None
    largest = max(amount for _scope, _name, amount in found)
    titles = {
        "category": _("by kind of work"),
        "project": _("by project"),
        "person": _("by person"),
    }
    hows = {
        "retainer": _("included"),
        "project": _("billed as project"),
        "courtesy": _("no charge"),
    }
    has_projects = any(scope == "project" for scope, _name, _amount in found)
    shares = [
        Share(
            name=_("Everything else") if name is None else name or _("Other work"),
            time=words.amount(amount),
            width=amount * 1000 // largest,
            how=hows[scope] if has_projects or scope != "retainer" else "",
            is_apart=scope != "retainer",
        )
        for scope, name, amount in found
    ]
    return Split(titles[by], shares)


def amounts_of(parts: Breakdown, link: ShareLink) -> list[tuple[str, str | None, int]]:
    """Return scope, name and amount of every part that a link shows: the retainer's first, each
    scope's largest first.

    Beyond the twelve largest of a scope, the rest is one part without a name (None).
    """
    by = splits_by(link)
    scopes = parts.names.get(by, {}) if by else {}
    found: list[tuple[str, str | None, int]] = []
    for scope in scopes_of(link):
        names = [
            (visible(name), amount) for name, amount in scopes.get(scope, ()) if name is not None
        ]
        rest = sum(amount for _name, amount in scopes.get(scope, ())) - sum(
            amount for _name, amount in names[:MOST]
        )
        found += [(scope, name, amount) for name, amount in names[:MOST]]
        found += [(scope, None, rest)] if rest else []
    return found
