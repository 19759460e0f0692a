"""The audit of a workspace."""

from itertools import batched, chain
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render

from hourtab.accounts.access import MemberRequest, owner_required
from hourtab.archive.audit import as_csv, lines_of
from hourtab.archive.forms import AuditForm
from hourtab.lib.paging import Page

A_PAGE = 100
MOST_PAGES = 200


@owner_required
def audit(request: MemberRequest) -> HttpResponse:
    """Show who did what and when, the latest first."""
    form = AuditForm(request.GET or None, workspace=request.workspace)
    page = Page.asked(request.GET, A_PAGE, MOST_PAGES)
    lines = lines_of(request.workspace, form.asked(), offset=page.offset, most=page.limit)
    query: Any = request.GET.copy()
    query.pop("page", None)
    context = {
        "form": form,
        "lines": page.shown(lines),
        "page": page.number,
        "query": query.urlencode(),
        "has_more": page.has_more(lines),
    }
    return render(request, "archive/audit.html", context)


@owner_required
def audit_csv(request: MemberRequest) -> Any:
    """Hand out what was asked for as CSV."""
    asked = AuditForm(request.GET or None, workspace=request.workspace).asked()
    lines = chain(["\ufeff"], as_csv(request.workspace, asked))
    return StreamingHttpResponse(
        ("".join(some).encode() for some in batched(lines, 200)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="hourtab-audit.csv"'},
    )
