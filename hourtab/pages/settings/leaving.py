"""Exporting everything, deleting the workspace, and erasing what is stored of one person."""

import tempfile
from typing import Any

from django.db import transaction
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, freshly_signed_in, owner_required
from hourtab.accounts.audit import note
from hourtab.accounts.models import Event, Workspace
from hourtab.archive import deletion, erasure
from hourtab.archive.export import export_workspace
from hourtab.archive.forms import PersonForm
from hourtab.lib.notices import tell, warn
from hourtab.lib.words import Words

IN_MEMORY = 2**20
"""So many bytes of an export are held; a longer one lies on disk until it is sent."""


def _own(request: MemberRequest) -> Workspace:
    return request.workspace


@owner_required
@acts_on(_own)
@freshly_signed_in
def export_everything(request: MemberRequest) -> Any:
    """Hand out everything of the workspace as one file, made on disk and sent from there."""
    now = timezone.now()
    file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  The response closes it.
    export_workspace(request.workspace, now, file, with_links="links" in request.POST)
    size = file.tell()
    file.seek(0)
    with transaction.atomic():
        Workspace.objects.filter(pk=request.workspace.pk).update(exported_at=now)
        about = _("with the addresses of links") if "links" in request.POST else ""
        note(request.workspace, Event.Kind.EXPORTED, about, by=request.member, now=now)
    if size > IN_MEMORY:
        answer: Any = FileResponse(file)
    else:
        with file:
            answer = HttpResponse(file.read())
    answer["Content-Type"] = "application/zip"
    answer["Content-Disposition"] = f'attachment; filename="hourtab-{now:%Y-%m-%d}.zip"'
    answer["Cache-Control"] = "no-store"
    return answer


@owner_required
@acts_on(_own)
@freshly_signed_in
def delete_workspace(request: MemberRequest) -> HttpResponse:
    """Have the workspace deleted after a waiting time."""
    try:
        after = deletion.ask_to_delete(
            request.workspace, request.POST.get("name", ""), timezone.now(), by=request.member
        )
    except deletion.DeletionError as error:
        warn(request, str(error))
    else:
        day = Words(request.workspace.locale).full_day(after.date())
        tell(
            request,
            _("The workspace will be deleted on %(day)s. Until then you can call it off here.")
            % {"day": day},
        )
    return redirect("settings")


@owner_required
@acts_on(_own)
def keep_workspace(request: MemberRequest) -> HttpResponse:
    """Call the deletion off."""
    deletion.call_off(request.workspace, by=request.member)
    tell(request, _("The workspace stays."))
    return redirect("settings")


@owner_required
@freshly_signed_in
def erase_person(request: MemberRequest) -> HttpResponse:
    """Show what is stored of a person; erase it once that is confirmed, and list what was
    touched.
    """
    form = PersonForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        person, done = form.person(), "erase" in request.POST
        try:
            found = (
                erasure.erase(request.workspace, person, by=request.member, now=timezone.now())
                if done
                else erasure.find(request.workspace, person)
            )
            context |= {"found": found, "done": done}
        except erasure.ErasureError as error:
            form.add_error(None, str(error))
    return render(request, "archive/erase.html", context, status=422 if form.errors else 200)
