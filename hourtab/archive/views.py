"""Export everything, and delete the workspace."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest, acts_on, owner_required
from hourtab.accounts.models import Workspace
from hourtab.archive import deletion
from hourtab.archive.export import export_workspace
from hourtab.lib.notices import tell, warn
from hourtab.lib.words import Words


def _own(request: MemberRequest) -> Workspace:
    return request.workspace


@owner_required
@acts_on(_own)
def export_everything(request: MemberRequest) -> HttpResponse:
    """Hand out everything of the workspace as one file."""
    now = timezone.now()
    content = export_workspace(request.workspace, now, with_links="links" in request.POST)
    Workspace.objects.filter(pk=request.workspace.pk).update(exported_at=now)
    name = f'attachment; filename="hourtab-{now:%Y-%m-%d}.zip"'
    return HttpResponse(
        content, content_type="application/zip", headers={"Content-Disposition": name, "Cache-Control": "no-store"}
    )


@owner_required
@acts_on(_own)
def delete_workspace(request: MemberRequest) -> HttpResponse:
    """Have the workspace deleted after a waiting time, or call that off."""
    if "stay" in request.POST:
        deletion.call_off(request.workspace)
        tell(request, _("The workspace stays."))
        return redirect("settings")
    try:
        after = deletion.ask_to_delete(request.workspace, request.POST.get("name", ""), timezone.now())
    except deletion.DeletionError as error:
        warn(request, str(error))
    else:
        day = Words(request.workspace.locale).full_day(after.date())
        tell(request, _("The workspace will be deleted on %(day)s. Until then you can call it off here.") % {"day": day})
    return redirect("settings")
