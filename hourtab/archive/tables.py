"""Every table that holds something of a workspace, and how its rows become JSON and rows again.

A test compares the list with all models, so that a new one cannot be forgotten.
"""

import base64
from collections.abc import Iterator
from typing import Any

from django.db import models

from hourtab.accounts.models import Event, Invitation, Member, SentForm, User, Workspace
from hourtab.alerts.models import Alert, Listener, Watch, WatchedCycle
from hourtab.api.models import ApiKey
from hourtab.clients.models import Access, Client, Contact
from hourtab.imports.models import Import, ImportPart, SourceRule
from hourtab.ledger.models import (
    Authorisation,
    Cycle,
    Decision,
    Entry,
    Hold,
    Revision,
    Source,
    Statement,
    TopUp,
    Transfer,
    Write,
)
from hourtab.outbox.models import Delivery
from hourtab.overage.models import Approver, OverageTerms, Request, RequestEvent
from hourtab.retainers.models import Category, OfficeHours, Pause, Retainer, Terms, WeightRule
from hourtab.sharing.models import (
    FormerAddress,
    ShareLink,
    Shown,
    StoredPage,
    Subscription,
    ViewDay,
)

TABLES: tuple[tuple[type[models.Model], str], ...] = (
    (Workspace, "pk"),
    (User, "workspaces"),
    (Member, "workspace"),
    (SentForm, "member__workspace"),
    (ApiKey, "member__workspace"),
    (Invitation, "workspace"),
    (Event, "workspace"),
    (Client, "workspace"),
    (Access, "client__workspace"),
    (Contact, "client__workspace"),
    (Retainer, "workspace"),
    (Terms, "retainer__workspace"),
    (Pause, "retainer__workspace"),
    (Category, "retainer__workspace"),
    (WeightRule, "retainer__workspace"),
    (OfficeHours, "retainer__workspace"),
    (Source, "workspace"),
    (Write, "retainer__workspace"),
    (Entry, "retainer__workspace"),
    (Revision, "entry__retainer__workspace"),
    (TopUp, "retainer__workspace"),
    (Transfer, "retainer__workspace"),
    (Authorisation, "retainer__workspace"),
    (Decision, "retainer__workspace"),
    (Hold, "retainer__workspace"),
    (Statement, "retainer__workspace"),
    (Cycle, "retainer__workspace"),
    (SourceRule, "source__workspace"),
    (Import, "workspace"),
    (ImportPart, "brought_by__workspace"),
    (OverageTerms, "retainer__workspace"),
    (Request, "retainer__workspace"),
    (Approver, "request__retainer__workspace"),
    (RequestEvent, "request__retainer__workspace"),
    (Watch, "retainer__workspace"),
    (WatchedCycle, "watch__retainer__workspace"),
    (Alert, "retainer__workspace"),
    (Listener, "retainer__workspace"),
    (ShareLink, "workspace"),
    (Shown, "link__workspace"),
    (FormerAddress, "link__workspace"),
    (ViewDay, "link__workspace"),
    (Subscription, "link__workspace"),
    (Delivery, "workspace"),
    (StoredPage, "link__workspace"),
)
"""Each model with its way to the workspace, in the order in which rows can be stored."""

NOT_EXPORTED: frozenset[type[models.Model]] = frozenset(
    {StoredPage, FormerAddress, Delivery, ApiKey, SentForm}
)
_SECRET = {
    ("user", "password"),
    ("user", "last_login"),
    ("user", "is_superuser"),
    ("sharelink", "sealed"),
}


def rows_of(model: type[models.Model], way: str, workspace: Workspace) -> models.QuerySet[Any]:
    """Return the rows of a workspace, also of models whose own manager refuses things."""
    return models.QuerySet(model).filter(**{way: workspace.pk}).distinct()


def columns_of(model: type[models.Model]) -> list[Any]:
    """Return the columns that are exported."""
    name = model._meta.model_name
    return [field for field in model._meta.concrete_fields if (name, field.name) not in _SECRET]


def plain_rows(
    model: type[models.Model], way: str, workspace: Workspace
) -> Iterator[dict[str, Any]]:
    """Yield the rows of a workspace as plain JSON values. A file that was not applied stays
    behind.
    """
    rows = rows_of(model, way, workspace).order_by("pk")
    if model is Import:
        rows = rows.exclude(state=Import.State.DRAFT)
    fields = columns_of(model)
    for values in rows.values_list(*(field.attname for field in fields)).iterator(chunk_size=2000):
        yield {
            field.attname: _plain(field, value) for field, value in zip(fields, values, strict=True)
        }


def _plain(field: Any, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str | list | dict):
        return value
    if isinstance(field, models.BinaryField):
        return base64.b64encode(bytes(value)).decode()
    return value.isoformat()


def value_of(field: Any, value: Any) -> Any:
    """Return what `plain_rows` wrote as the model takes it."""
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value)
    return field.to_python(value) if not field.is_relation else value
