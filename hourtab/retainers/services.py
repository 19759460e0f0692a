"""Opening retainers and agreeing on terms. Terms are versions: a new one never changes an old one."""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from hourtab.accounts.models import Workspace
from hourtab.clients.models import Client
from hourtab.core.terms import Terms as CoreTerms
from hourtab.retainers.models import Category, Retainer, Terms


@transaction.atomic
def open_retainer(
    workspace: Workspace,
    *,
    client: str,
    name: str,
    terms: CoreTerms,
    starts_on: date | None = None,
    zone: str = "",
    unit: str = "hour",
    ends_on: date | None = None,
    notice_hours: int | None = None,
    categories: Sequence[str] = (),
    by: str = "",
) -> Retainer:
    """Store a new retainer with its first terms, its categories, and its client where that is new.

    It starts on `starts_on`, by default the day its terms take effect. Raises `CycleError` for terms that do not fit.
    """
    if wrong := [category for category in categories if not 0 < len(category.strip()) <= 60]:
        raise ValidationError(_("The kind of work “%(name)s” must have 1 to 60 characters.") % {"name": wrong[0][:40]})
    served, _made = Client.objects.get_or_create(workspace=workspace, name=client)
    retainer = Retainer(
        workspace=workspace,
        client=served,
        name=name,
        zone=zone or workspace.zone,
        unit=unit,
        ends_on=ends_on,
        notice_hours=notice_hours if unit == "session" else None,
        currency=workspace.currency,
        starts_on=starts_on or terms.effective_on,
    )
    retainer.full_clean(exclude=["workspace", "client"])
    retainer.save()
    Terms.from_core(retainer, terms, by).save()
    Category.objects.bulk_create(Category(retainer=retainer, name=category) for category in dict.fromkeys(categories))
    retainer.calendar()
    return retainer
