"""The settings of a workspace."""

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, owner_required
from hourtab.accounts.forms import WorkspaceForm
from hourtab.lib.notices import tell


@owner_required
def workspace_settings(request: MemberRequest) -> HttpResponse:
    """Show and change what every page of the workspace follows."""
    form = WorkspaceForm(request.POST or None, request.FILES or None, instance=request.workspace)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            request.workspace.touch()
        tell(request, _("Saved."))
        return redirect("settings")
    mail_folder = "" if settings.EMAIL_URL else str(settings.MAIL_DIR)
    return render(request, "accounts/settings.html", {"form": form, "mail_folder": mail_folder})
