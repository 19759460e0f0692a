"""Saying what a file or a delivery would do. Stores nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from hourtab.accounts.models import Workspace
from hourtab.imports.errors import Question
from hourtab.imports.matching.balances import balances, stored_after
from hourtab.imports.matching.deliveries import Delivery, Progress, to_nobody
from hourtab.imports.matching.plans import Part, Plan
from hourtab.imports.reading.uploads import Upload
from hourtab.imports.verbs.taken import Taken
from hourtab.ledger.models import Source
from hourtab.lib.memory import without_collecting
from hourtab.retainers.models import Retainer


@dataclass(frozen=True, slots=True)
class Examined:
    """A delivery, and what it would do. `retainer` is the only one it may feed, None where it may
    feed all.
    """

    delivery: Delivery
    plan: Plan
    source: Source | None
    retainer: Retainer | None

    @property
    def fingerprint(self) -> str:
        """Digest of everything that would happen: an apply that would do something else than was
        shown is refused.

        What is decided about rows with sensitive texts is no part of it: that is decided with the
        apply.
        """
        asked = self.plan.sensitive
        shown = repr(
            [
                (o.kind, o.line, o.on, o.seconds, o.retainer)
                for o in self.plan.outcomes
                if o.line not in asked
            ]
        )
        return hashlib.sha256(
            f"{self.delivery.digest}{shown}{self.plan.window}".encode()
        ).hexdigest()[:16]

    @property
    def parts(self) -> Sequence[Part]:
        """What it would do to each retainer; for one retainer alone also where that is nothing."""
        found = list(self.plan.parts.values())
        return found or ([Part(self.retainer)] if self.retainer else [])


def examine(
    given: Upload | Delivery,
    workspace: Workspace,
    now: datetime,
    retainer: Retainer | None = None,
    progress: Progress = to_nobody,
) -> Examined:
    """Plan what a file or a delivery would do; stores nothing. Raises `Refusal` or `Open`."""
    with without_collecting():
        taken = Taken(given, workspace, retainer, now, progress)
        plan = taken.plan()
        examined = Examined(taken.delivery, plan, taken.source, retainer)
        for part in examined.parts:
            part.before, part.after = balances(part, part.retainer.today(now))
            part.stored = stored_after(part, taken.source)
            plan.parts.setdefault(part.retainer.ref, part)
    return examined


def open_questions(examined: Examined) -> list[Question]:
    """Return what has to be answered before this can be applied."""
    return [publish_question(examined.plan)] if examined.plan.unpublished else []


def publish_question(plan: Plan) -> Question:
    first = plan.unpublished[0]
    named = ", ".join(str(note.line) for note in plan.unpublished[:10])
    text = _(
        "Line %(lines)s: the text %(why)s. Is it to be shown to your client, or is the row to be left out?"
    ) % {
        "lines": named + ("…" if len(plan.unpublished) > 10 else ""),
        "why": first.why,
    }
    return Question("publish", text, ("yes", "leave_out"), first.line)
