"""`POST /api/v1/imports`: bring a file in."""

from django.http import Http404, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from hourtab.accounts.access import MemberRequest
from hourtab.api.access import failed, key_required
from hourtab.api.models import Scope
from hourtab.imports.reading.table import LARGEST_FILE
from hourtab.imports.reading.uploads import Upload
from hourtab.imports.taking import answer_of, take
from hourtab.ledger.errors import LedgerError
from hourtab.lib.text import clean
from hourtab.retainers.access import find_retainer

_STATUS = {"import": 200, "ask": 409, "refuse": 422}


@key_required(Scope.IMPORT)
def imports(request: MemberRequest) -> JsonResponse:
    """Take `file`, of one `retainer` or of all, with each `answer` as KEY=VALUE; with `dry_run`
    store nothing.

    200 with a report, 409 where a question is open, 422 where the file is refused, 400 or 404 for a
    request that is none.
    """
    if request.member.is_limited:
        return failed(403, _("Files are for members who see every client."))
    file = request.FILES.get("file")
    if file is None or file.size is None:
        return failed(400, _("Send the file as “file” of a form (multipart/form-data)."))
    try:
        answers = dict(answer_of(clean(text)) for text in request.POST.getlist("answer"))
    except ValueError as error:
        return failed(400, f"answer {error}")
    ref = clean(request.POST.get("retainer", ""))
    try:
        retainer = find_retainer(request, ref) if ref else None
    except Http404:
        return failed(404, _("There is no retainer “%(ref)s”.") % {"ref": ref[:12]})
    upload = Upload(clean(file.name or "")[:200], file.read(LARGEST_FILE + 1), answers)
    dry_run = request.POST.get("dry_run", "") not in ("", "no")
    try:
        report = take(
            upload,
            request.workspace,
            retainer,
            by=request.member,
            now=timezone.now(),
            dry_run=dry_run,
        )
    except LedgerError as error:
        return failed(422, str(error))
    said = {
        "report": report,
        "locale": request.workspace.locale,
        "hours": request.workspace.hour_format,
    }
    return JsonResponse(
        said, status=_STATUS[report["outcome"]], headers={"Cache-Control": "no-store"}
    )
