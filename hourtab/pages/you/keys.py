"""A member's keys; an owner sees those of everybody."""

from allauth.account.adapter import get_adapter
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, editor_required, freshly_signed_in
from hourtab.api import services
from hourtab.api.forms import KeyForm
from hourtab.api.models import ApiKey
from hourtab.lib.notices import tell
from hourtab.lib.once import once


def _keys(request: MemberRequest) -> QuerySet[ApiKey]:
    rows = ApiKey.objects.filter(member__workspace=request.workspace).select_related("member__user")
    return rows if request.member.is_owner else rows.filter(member=request.member)


def _key(request: MemberRequest, pk: int) -> ApiKey:
    return get_object_or_404(_keys(request), pk=pk)


@editor_required
@once
@freshly_signed_in
def keys(request: MemberRequest) -> HttpResponse:
    """List keys; make one, which is shown this once."""
    now, secret = timezone.now(), ""
    form = KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made, secret = services.make_key(request.member, **form.cleaned_data, now=now)
        get_adapter().tell(
            request.member.user, "key_made", name=made.name, workspace=request.workspace.name
        )
        form = KeyForm()
    rows = list(_keys(request))
    context = {
        "form": form,
        "secret": secret,
        "standing": [key for key in rows if key.stands(now)],
        "over": [key for key in rows if not key.stands(now)],
    }
    answer = render(request, "api/keys.html", context, status=422 if form.errors else 200)
    answer["Cache-Control"] = "no-store"
    return answer


@editor_required
@acts_on(_key)
def revoke_key(request: MemberRequest, pk: int) -> HttpResponse:
    """End a key at once."""
    services.revoke_key(_key(request, pk), by=request.member, now=timezone.now())
    tell(request, _("The key no longer works."))
    return redirect("keys")
