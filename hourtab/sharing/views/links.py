"""The provider's links."""

import io

import segno
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required, member_required
from hourtab.lib.notices import tell
from hourtab.lib.once import once
from hourtab.retainers.models import Retainer
from hourtab.sharing import services
from hourtab.sharing.forms import LinkForm
from hourtab.sharing.links import url_of
from hourtab.sharing.models import ShareLink


def _retainer(request: MemberRequest, ref: str) -> Retainer:
    return get_object_or_404(request.workspace.retainers.select_related("client", "workspace"), ref=ref)


def _link(request: MemberRequest, pk: int) -> ShareLink:
    return get_object_or_404(request.workspace.links.select_related("workspace", "client"), pk=pk, revoked_at=None)


def demo(request: HttpRequest) -> HttpResponse:
    """Go to the page of invented data."""
    link = ShareLink.objects.filter(workspace__is_demo=True, revoked_at=None).order_by("pk").first()
    if link is None:
        raise Http404
    return redirect(link.path)


@member_required
def retainer_links(request: MemberRequest, ref: str) -> HttpResponse:
    """Show a retainer's links; each can be copied, shown as a QR code, changed, rotated and revoked."""
    retainer = _retainer(request, ref)
    return _links_page(request, retainer, LinkForm())


@editor_required
@acts_on(_retainer)
@once
def add_link(request: MemberRequest, ref: str) -> HttpResponse:
    """Make another link."""
    retainer = _retainer(request, ref)
    form = LinkForm(request.POST)
    if not form.is_valid():
        return _links_page(request, retainer, form, status=422)
    services.share([retainer], by=request.member, **form.cleaned_data)
    tell(request, _("The link is ready."))
    return redirect("retainer_links", ref=ref)


@editor_required
def change_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Change what a link shows."""
    link = _link(request, pk)
    form = LinkForm(request.POST or None, instance=link)
    if request.method == "POST" and form.is_valid():
        services.change_link(link, **form.cleaned_data)
        tell(request, _("Changed. Open pages follow within a second."))
        return redirect("retainer_links", ref=_retainer_of(link).ref)
    context = {"title": _("What this link shows"), "form": form, "button": _("Save"), "back": _retainer_of(link)}
    return render(request, "parts/form_page.html", context)


@editor_required
@acts_on(_link)
def rotate_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a link a new address."""
    link = _link(request, pk)
    services.rotate_link(link)
    tell(request, _("The link has a new address; the old one no longer answers."))
    return redirect("retainer_links", ref=_retainer_of(link).ref)


@editor_required
@acts_on(_link)
def revoke_link(request: MemberRequest, pk: int) -> HttpResponse:
    """End a link."""
    link = _link(request, pk)
    services.revoke_link(link, now=timezone.now())
    tell(request, _("The link no longer answers."))
    return redirect("retainer_links", ref=_retainer_of(link).ref)


@member_required
def link_qr(request: MemberRequest, pk: int) -> HttpResponse:
    """Draw a link's address as a QR code."""
    link = _link(request, pk)
    out = io.BytesIO()
    segno.make(url_of(link), error="m").save(out, kind="svg", scale=6, border=2, dark="#111", light="#fff")
    return HttpResponse(out.getvalue(), content_type="image/svg+xml", headers={"Cache-Control": "no-store"})


def _retainer_of(link: ShareLink) -> Retainer:
    return link.shown.select_related("retainer__client").first().retainer  # type: ignore[union-attr]


def _links_page(request: MemberRequest, retainer: Retainer, form: LinkForm, status: int = 200) -> HttpResponse:
    links = [(link, url_of(link)) for link in retainer.links.filter(revoked_at=None)]
    context = {
        "retainer": retainer,
        "links": links,
        "form": form,
        "tab": "links",
        "revoked": retainer.links.exclude(revoked_at=None).count(),
    }
    return render(request, "retainers/links.html", context, status=status)
