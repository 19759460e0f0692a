"""What a new retainer begins with."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, owner_required
from hourtab.accounts.audit import changes_of, note
from hourtab.accounts.models import Event, Workspace
from hourtab.lib.locking import locked
from hourtab.lib.notices import tell
from hourtab.retainers.forms import DefaultTermsForm


@owner_required
def default_terms(request: MemberRequest) -> HttpResponse:
    """Say what a new retainer begins with."""
    form = DefaultTermsForm(
        request.POST or None,
        initial=request.workspace.default_terms,
        currency=request.workspace.currency,
    )
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            workspace = locked(Workspace.objects.all()).get(pk=request.workspace.pk)
            changes = changes_of(dict.fromkeys(workspace.default_terms), {}) | changes_of(
                workspace.default_terms, form.typed()
            )
            Workspace.objects.filter(pk=workspace.pk).update(default_terms=form.typed())
            note(
                workspace, Event.Kind.SETTINGS, _("usual terms"), by=request.member, changes=changes
            )
        tell(request, _("Saved. Retainers that are open stay as they are."))
        return redirect("settings")
    context = {
        "title": _("Usual terms"),
        "form": form,
        "button": _("Save"),
        "lead": _("A new retainer begins with these; you can change them each time."),
    }
    return render(request, "parts/form_page.html", context, status=422 if form.errors else 200)
