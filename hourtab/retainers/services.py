"""Opening retainers and agreeing on terms. Terms are versions: a new one never changes an old
one.
"""

from collections.abc import Sequence
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Member, Workspace
from hourtab.accounts.plans import check_retainers
from hourtab.clients.models import Client
from hourtab.core.terms import Terms as CoreTerms
from hourtab.lib.locking import locked
from hourtab.lib.text import named
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
    by: Member | None = None,
) -> Retainer:
    """Store a new retainer with its first terms, its categories, and its client where that is new.

    It starts on `starts_on`, by default the day its terms take effect. Raises `CycleError` for
    terms that do not fit, and `PlanError` where the plan has no room for it.
    """
    client, name = named(client), named(name)
    categories = [named(category) for category in categories]
    if not client:
        raise ValidationError(_("Say who the client is."))
    if wrong := [category for category in categories if not 0 < len(category) <= 60]:
        raise ValidationError(
            _("The kind of work “%(name)s” must have 1 to 60 characters.") % {"name": wrong[0][:40]}
        )
    standing = locked(Workspace.objects.all()).get(pk=workspace.pk)
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
    today = retainer.today(timezone.now())
    if ends_on is None or ends_on >= today:
        check_retainers(standing, active_retainers(standing, today).count())
    retainer.save()
    Terms.from_core(retainer, terms, str(by or "")).save()
    Category.objects.bulk_create(
        Category(retainer=retainer, name=category) for category in dict.fromkeys(categories)
    )
    retainer.calendar()
    note(workspace, Event.Kind.RETAINER_OPENED, str(retainer), by=by)
    return retainer


def active_retainers(workspace: Workspace, today: date) -> QuerySet[Retainer]:
    """Return the retainers that have not ended: those a plan counts. One whose last day is today is
    active.
    """
    return Retainer.objects.filter(workspace=workspace).filter(
        Q(ends_on=None) | Q(ends_on__gte=today)
    )
