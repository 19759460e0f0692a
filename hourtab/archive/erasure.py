"""Erasing what is stored of one person, on request: everywhere at once, with a list of what was
touched.

Hours and money stay. What the chains of the ledger vouch for is taken out where only its digest is
part of them; the rest is named as left.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Invitation, Member, User, Workspace
from hourtab.archive.tables import TABLES, rows_of
from hourtab.clients.models import Client, Contact
from hourtab.imports.jobs import forget_texts
from hourtab.imports.models import Import, SourceRule
from hourtab.ledger.models import (
    Authorisation,
    Decision,
    Entry,
    Hold,
    Revision,
    Source,
    Statement,
    TopUp,
    Write,
)
from hourtab.ledger.verbs.erase import erase_texts, take_out_person
from hourtab.ledger.writing.record import lock_all
from hourtab.lib.database import in_chunks
from hourtab.lib.locking import locked
from hourtab.outbox.models import Delivery
from hourtab.overage.models import Approver, Request, RequestEvent
from hourtab.retainers.models import Retainer, Terms
from hourtab.sharing.models import ShareLink, StoredPage, Subscription


class ErasureError(ValueError):
    """Nothing was erased; the message says what stands against it."""


@dataclass(frozen=True)
class Person:
    """Whose data is meant: a name, an address, or both. `with_mentions`: lines whose texts name
    them lose these texts.
    """

    name: str
    email: str
    with_mentions: bool = False

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What finds them in a text: whole words, in any case."""
        said = "|".join(re.escape(text) for text in (self.email, self.name) if text)
        return re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.IGNORECASE)

    def is_meant(self, *texts: str) -> bool:
        """Is one of these texts their name or address, and nothing else?"""
        known = {text.casefold() for text in (self.name, self.email) if text}
        return any(text.strip().casefold() in known for text in texts)


@dataclass(frozen=True, slots=True)
class Found:
    """What is stored of a person in one place. `is_left`: it is not erased, and the label says what
    to do.
    """

    label: Any
    count: int
    is_left: bool = False


_TEXTS: tuple[tuple[type[models.Model], tuple[str, ...], Any], ...] = (
    (Request, ("decided_by", "comment", "reason"), gettext_lazy("requests for more hours")),
    (RequestEvent, ("who", "said"), gettext_lazy("what happened to requests")),
    (Authorisation, ("approved_by", "reason"), gettext_lazy("approvals")),
    (Decision, ("reason",), gettext_lazy("decisions on extra time")),
    (TopUp, ("reason",), gettext_lazy("extra hours")),
    (Hold, ("text",), gettext_lazy("planned work")),
    (Terms, ("agreed_by",), gettext_lazy("versions of terms")),
    (Statement, ("reason",), gettext_lazy("statements")),
    (Write, ("label", "reason"), gettext_lazy("reasons and labels in the history")),
    (ShareLink, ("label", "given_to"), gettext_lazy("links")),
    (Source, ("answers",), gettext_lazy("answers about files")),
    (SourceRule, ("conditions",), gettext_lazy("rules for files")),
    (
        Import,
        ("file_name", "answers", "facts", "flags", "outcomes", "problem"),
        gettext_lazy("reports of imports"),
    ),
    (Event, ("who", "about", "changes"), gettext_lazy("lines of the audit")),
)
"""Where a name may stand among other words; it is replaced there. JSON is searched as it is
written.
"""
_DELETED: tuple[tuple[type[models.Model], tuple[str, ...], Any], ...] = (
    (Contact, ("name", "email"), gettext_lazy("contacts")),
    (Subscription, ("to",), gettext_lazy("digests by mail")),
    (Invitation, ("to",), gettext_lazy("invitations")),
    (Delivery, ("target",), gettext_lazy("mails in the outbox")),
)
"""What is about one person alone; it is deleted."""
_NAMED: tuple[tuple[type[models.Model], tuple[str, ...], Any], ...] = (
    (Client, ("name",), gettext_lazy("clients named so: rename them yourself")),
    (Retainer, ("name",), gettext_lazy("retainers named so: they stay")),
    (Write, ("records",), gettext_lazy("links of a chain: what it vouches for cannot be changed")),
)
"""What is not theirs to be erased, or cannot be; it is said."""
_WAYS = dict(TABLES)


def find(workspace: Workspace, person: Person) -> list[Found]:
    """Return what is stored of a person in the workspace, place by place, without changing
    anything.
    """
    found = [
        *(
            Found(label, len(_about_only(workspace, person, model, names)))
            for model, names, label in _DELETED
        ),
        Found(gettext_lazy("people asked to decide"), len(_approvers(workspace, person))),
        Found(gettext_lazy("lines of work they did"), len(_entries(workspace, _did(person)))),
        Found(
            gettext_lazy("lines whose texts mention them"),
            len(_mentions(workspace, person)),
            not person.with_mentions,
        ),
        *(
            Found(label, len(_holding(workspace, person, model, names)))
            for model, names, label in _TEXTS
        ),
        Found(gettext_lazy("former members"), len(_former(workspace, person))),
        *(
            Found(label, len(_holding(workspace, person, model, names)), is_left=True)
            for model, names, label in _NAMED
        ),
    ]
    return [item for item in found if item.count]


@transaction.atomic
def erase(workspace: Workspace, person: Person, *, by: Member, now: datetime) -> list[Found]:
    """Erase what `find` finds, in one transaction, and note the numbers in the audit; returns what
    was touched.

    Raises `ErasureError` where they are a member still, or have the name of one.
    """
    locked(Workspace.objects.all()).get(pk=workspace.pk)
    # All of them are touched in the end: so they are locked now, in the order everybody keeps.
    retainers = lock_all(workspace.retainers.all())
    standing = [
        member.user
        for member in Member.objects.standing().filter(workspace=workspace).select_related("user")
    ]
    if any(person.is_meant(user.email) for user in standing):
        raise ErasureError(_("They are a member of this workspace. Remove them first."))
    if any(person.is_meant(user.name) for user in standing if user.name):
        raise ErasureError(
            _("A member has this name, and would be erased with them. Give the address alone.")
        )
    found = find(workspace, person)
    instead = _("[erased]")
    _erase_lines(workspace, person, by, now)
    for message in _about_only(workspace, person, Delivery, ("target",)):
        _forget_address(message)
    for model, names, _label in _DELETED:
        model._base_manager.filter(
            pk__in=[row.pk for row in _about_only(workspace, person, model, names)]
        ).delete()
    for approver in _approvers(workspace, person):
        Approver.objects.filter(pk=approver.pk).update(
            name=instead, to=f"{approver.pk}@erased.invalid", contact=None
        )
    for model, names, _label in _TEXTS:
        for row in _holding(workspace, person, model, names):
            _replace(row, names, person, instead)
    for user in _former(workspace, person):
        _forget_user(user, instead)
    forget_texts(workspace, [text for text in (person.name, person.email) if text])
    StoredPage.objects.filter(link__workspace=workspace).delete()
    counts = {str(item.label): [item.count, item.count if item.is_left else 0] for item in found}
    note(workspace, Event.Kind.ERASED, "", by=by, changes=counts, now=now)
    for retainer in retainers:
        retainer.touch()
    workspace.touch()
    return found


def _erase_lines(workspace: Workspace, person: Person, by: Member, now: datetime) -> None:
    mentioned = _mentions(workspace, person) if person.with_mentions else set()
    for lines in _by_retainer(mentioned):
        erase_texts(*lines, by=by, now=now)
    for lines in _by_retainer(_entries(workspace, _did(person)) - mentioned):
        take_out_person(*lines, by=by, now=now)


def _forget_address(message: Delivery) -> None:
    """Leave the row of a mail without its address: how many a workspace sent within a day is
    counted in these rows.
    """
    rows = Delivery.objects.filter(pk=message.pk)
    rows.filter(state=Delivery.State.WAITING).update(state=Delivery.State.DROPPED)
    rows.update(target=f"{message.pk}@erased.invalid")


def _by_retainer(keys: set[int]) -> list[list[Entry]]:
    found: dict[int, list[Entry]] = defaultdict(list)
    for some in in_chunks(sorted(keys)):
        for entry in Entry.objects.filter(pk__in=some).select_related("retainer", "corrects"):
            found[entry.retainer_id].append(entry)
    return list(found.values())


def _did(person: Person) -> Callable[[dict[str, str]], bool]:
    return lambda texts: person.is_meant(texts["person"])


def _mentions(workspace: Workspace, person: Person) -> set[int]:
    pattern, names = person.pattern, ("description", "project", "reason")
    return _entries(workspace, lambda texts: any(pattern.search(texts[name]) for name in names))


def _entries(workspace: Workspace, holds: Callable[[dict[str, str]], bool]) -> set[int]:
    """Return the keys of the lines of which any version holds; of a correction that of the line it
    corrects.
    """
    rows = Revision.objects.filter(entry__retainer__workspace=workspace, erased="")
    values = rows.values(
        "entry_id", "entry__corrects_id", "person", "description", "project", "reason"
    )
    return {
        row["entry__corrects_id"] or row["entry_id"]
        for row in values.iterator(chunk_size=2000)
        if holds(cast(Any, row))
    }


def _rows(workspace: Workspace, model: type[models.Model]) -> Iterator[Any]:
    return rows_of(model, _WAYS[model], workspace).iterator(chunk_size=2000)


def _about_only(
    workspace: Workspace, person: Person, model: type[models.Model], names: tuple[str, ...]
) -> list[Any]:
    return [
        row
        for row in _rows(workspace, model)
        if person.is_meant(*(getattr(row, name) for name in names))
    ]


def _approvers(workspace: Workspace, person: Person) -> list[Approver]:
    return _about_only(workspace, person, Approver, ("name", "to"))


def _holding(
    workspace: Workspace, person: Person, model: type[models.Model], names: tuple[str, ...]
) -> list[Any]:
    return [
        row
        for row in _rows(workspace, model)
        if any(person.pattern.search(_text(row, name)) for name in names)
    ]


def _text(row: models.Model, name: str) -> str:
    value = getattr(row, name)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _replace(row: models.Model, names: tuple[str, ...], person: Person, instead: str) -> None:
    """Write the row as it is now without the person, past the doors that keep the record from being
    changed by anybody else.
    """
    row = locked(models.QuerySet(type(row))).get(pk=row.pk)
    fresh = {}
    for name in names:
        text = person.pattern.sub(instead, _text(row, name))
        field: Any = row._meta.get_field(name)
        fresh[name] = (
            text[: field.max_length] if isinstance(getattr(row, name), str) else json.loads(text)
        )
    models.QuerySet(type(row)).filter(pk=row.pk).update(**fresh)


def _former(workspace: Workspace, person: Person) -> list[User]:
    """Return who left this workspace, is meant, and belongs to no other."""
    left = Member.objects.filter(workspace=workspace).exclude(left_at=None).select_related("user")
    meant = [member.user for member in left if person.is_meant(member.user.email, member.user.name)]
    return [user for user in meant if not Member.objects.standing().filter(user=user).exists()]


def _forget_user(user: User, instead: str) -> None:
    """Leave the row, which what they did points at, and nothing of them in it. They cannot sign in
    any more.
    """
    for session in UserSession.objects.filter(user=cast(Any, user)):
        session.end()
    EmailAddress.objects.filter(user=cast(Any, user)).delete()
    Authenticator.objects.filter(user=cast(Any, user)).delete()
    User.objects.filter(pk=user.pk).update(
        email=f"{user.pk}@erased.invalid",
        name=instead,
        is_active=False,
        password=make_password(None),
    )
