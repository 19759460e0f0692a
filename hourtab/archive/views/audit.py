"""The audit of a workspace."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from hourtab.accounts.access import MemberRequest, owner_required
from hourtab.archive.audit import as_csv, lines_of
from hourtab.archive.forms import AuditForm

A_PAGE = 100
MOST_PAGES = 200


@owner_required
def audit(request: MemberRequest) -> HttpResponse:
    """Show who did what and when, the latest first."""
    form = AuditForm(request.GET or None, workspace=request.workspace)
    said = request.GET.get("page", "")
    page = min(max(1, int(said)), MOST_PAGES) if said.isdecimal() and len(said) < 6 else 1
    lines = lines_of(request.workspace, form.asked(), offset=(page - 1) * A_PAGE, most=A_PAGE + 1)
    query: Any = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "lines": lines[:A_PAGE],
        "page": page,
        "query": query.urlencode(),
        "has_more": len(lines) > A_PAGE and page < MOST_PAGES,
    }
    return render(request, "archive/audit.html", context)


@owner_required
def audit_csv(request: MemberRequest) -> HttpResponse:
    """Hand out what was asked for as CSV."""
    content = as_csv(
        request.workspace, AuditForm(request.GET or None, workspace=request.workspace).asked()
    )
    return HttpResponse(
        content.encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="hourtab-audit.csv"'},
    )
