"""The provider's links."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required, member_required
from hourtab.accounts.plans import PlanError
from hourtab.clients.access import clients_of
from hourtab.lib.notices import tell
from hourtab.lib.once import once
from hourtab.lib.paging import number_of
from hourtab.pages.public.answers import answer
from hourtab.retainers.access import find_retainer
from hourtab.retainers.models import Retainer
from hourtab.retainers.words import words_for
from hourtab.sharing import services, subscriptions
from hourtab.sharing.forms import GRACES, LinkForm
from hourtab.sharing.links import url_of
from hourtab.sharing.models import ShareLink, Subscription, ViewDay
from hourtab.showing import stored as pages
from hourtab.showing.balance.asked import Asked


def _link(request: MemberRequest, pk: int) -> ShareLink:
    return get_object_or_404(
        request.workspace.links.select_related("workspace", "client").filter(
            client__in=clients_of(request)
        ),
        pk=pk,
        revoked_at=None,
    )


def demo(request: HttpRequest) -> HttpResponse:
    """Go to the page of invented data."""
    link = ShareLink.objects.filter(workspace__is_demo=True, revoked_at=None).order_by("pk").first()
    if link is None:
        raise Http404
    return redirect(link.path)


@member_required
def retainer_links(request: MemberRequest, ref: str) -> HttpResponse:
    """Show a retainer's links; each can be copied, shown as a QR code, changed, rotated and
    revoked.
    """
    retainer = find_retainer(request, ref)
    return _links_page(
        request, retainer, LinkForm(client=retainer.client, initial={"retainers": [retainer.pk]})
    )


@editor_required
@acts_on(find_retainer)
@once
def add_link(request: MemberRequest, ref: str) -> HttpResponse:
    """Make another link."""
    retainer = find_retainer(request, ref)
    form = LinkForm(request.POST, client=retainer.client)
    if not form.is_valid():
        return _links_page(request, retainer, form, status=422)
    try:
        services.share(form.shown([retainer]), by=request.member, **form.options())
    except PlanError as error:
        form.add_error(None, str(error))
        return _links_page(request, retainer, form, status=422)
    tell(request, _("The link is ready."))
    return redirect("retainer_links", ref=ref)


@editor_required
def change_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Change what a link shows."""
    link = _link(request, pk)
    form = LinkForm(request.POST or None, instance=link, client=link.client)
    if request.method == "POST" and form.is_valid():
        before = [row.retainer for row in link.shown.select_related("retainer")]
        after = form.shown(before)
        with transaction.atomic():
            services.change_link(link, by=request.member, **form.options())
            if {row.pk for row in after} != {row.pk for row in before}:
                services.change_retainers(link, after, by=request.member)
        tell(request, _("Changed. Open pages follow within a second."))
        return redirect("retainer_links", ref=_retainer_of(link).ref)
    context = {
        "title": _("What this link shows"),
        "form": form,
        "button": _("Save"),
        "back": _retainer_of(link),
    }
    return render(request, "parts/form_page.html", context)


@member_required
def preview_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the page of a link as its readers see it, without counting a view."""
    link = _link(request, pk)
    if not set(request.GET) <= Asked.NAMES:
        return redirect(f"{link.path}?{request.GET.urlencode()}")
    rendered = pages.render(link.token_digest, Asked.of(request.GET))
    if rendered is None:
        raise Http404
    return answer(rendered.body.encode())


@editor_required
@acts_on(_link)
def rotate_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a link a new address; the old one may answer for some days more."""
    link = _link(request, pk)
    days = request.POST.get("grace", "0")
    grace = timedelta(days=int(days)) if days in dict(GRACES) and days != "0" else None
    keep = [int(pk) for pk in request.POST.getlist("keep") if number_of(pk)]
    services.rotate_link(link, grace=grace, keep=keep, now=timezone.now(), by=request.member)
    if grace:
        tell(
            request,
            _(
                "The link has a new address. The old one answers for some time more, and does not tell the new one."
            ),
        )
    else:
        tell(request, _("The link has a new address; the old one no longer answers."))
    return redirect("retainer_links", ref=_retainer_of(link).ref)


def _subscription(request: MemberRequest, pk: int, subscription: int) -> Subscription:
    return get_object_or_404(subscriptions.standing(_link(request, pk)), pk=subscription)


@editor_required
@acts_on(_subscription)
def end_digests(request: MemberRequest, pk: int, subscription: int) -> HttpResponse:
    """End the digests that somebody has of a link."""
    row = _subscription(request, pk, subscription)
    services.end_subscription(row, now=timezone.now(), by=request.member)
    tell(request, _("Ended. %(to)s gets no more of these mails.") % {"to": row.to})
    return redirect("retainer_links", ref=_retainer_of(row.link).ref)


@editor_required
@acts_on(_link)
def revoke_link(request: MemberRequest, pk: int) -> HttpResponse:
    """End a link."""
    link = _link(request, pk)
    services.revoke_link(link, now=timezone.now(), by=request.member)
    tell(request, _("The link no longer answers."))
    return redirect("retainer_links", ref=_retainer_of(link).ref)


@member_required
def link_qr(request: MemberRequest, pk: int) -> HttpResponse:
    """Draw a link's address as a QR code."""
    link = _link(request, pk)
    out = io.BytesIO()
    segno.make(url_of(link), error="m").save(
        out, kind="svg", scale=6, border=2, dark="#111", light="#fff"
    )
    return HttpResponse(
        out.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "no-store"}
    )


def _retainer_of(link: ShareLink) -> Retainer:
    return link.shown.select_related("retainer__client").first().retainer  # type: ignore[union-attr]


def _links_page(
    request: MemberRequest, retainer: Retainer, form: LinkForm, status: int = 200
) -> HttpResponse:
    found = retainer.links.filter(revoked_at=None).prefetch_related(
        "days", "shown__retainer", "former", "subscriptions"
    )
    now = timezone.now()
    links = [LinkRow.of(link, now) for link in found]
    context = {
        "retainer": retainer,
        "links": links,
        "form": form,
        "tab": "links",
        "graces": GRACES,
        "revoked": retainer.links.exclude(revoked_at=None).count(),
        "words": words_for(retainer),
    }
    return render(request, "retainers/links.html", context, status=status)


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A link as the provider sees it: its address, how often it was opened and when last, and who
    has its digest.
    """

    link: ShareLink
    url: str
    names: Sequence[str]
    days: Sequence[ViewDay]
    views: int
    former_until: datetime | None
    subscribers: Sequence[Subscription]
    is_expired: bool

    @classmethod
    def of(cls, link: ShareLink, now: datetime) -> "LinkRow":
        """Gather it from what was fetched with the link."""
        days = list(link.days.all())
        standing = [former.until for former in link.former.all() if former.until > now]
        return cls(
            link=link,
            url=url_of(link),
            names=[row.retainer.name for row in link.shown.all()],
            days=days[:30],
            views=sum(day.views for day in days),
            former_until=max(standing, default=None),
            subscribers=[row for row in link.subscriptions.all() if row.is_standing],
            is_expired=not link.is_active(now),
        )
