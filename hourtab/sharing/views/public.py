"""Public pages that are not stored: further pages of a log, statements, years, documents, and how to check them."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from hourtab.core.chain import canonical
from hourtab.lib.database import snapshot
from hourtab.retainers.models import Retainer
from hourtab.sharing import pages, tokens
from hourtab.sharing.addresses import find_statements
from hourtab.sharing.balance import document_of
from hourtab.sharing.headers import PUBLIC
from hourtab.sharing.models import ShareLink
from hourtab.sharing.pdf import statement_pdf, story_pdf
from hourtab.sharing.public import fingerprint
from hourtab.sharing.sheets import lines_csv
from hourtab.sharing.statements import statement_page
from hourtab.sharing.story import story_of

_KINDS = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8", "json": "application/json"}


@require_safe
def public_page(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a link with a query: `page`, `year` or `all` (a story), `as` (a file), `check`. Without one, the lane does."""
    if not tokens.PATTERN.fullmatch(token):
        return _inactive()
    digest, asked = tokens.digest_of(token), request.GET
    if not {"as", "check", "year", "all"} & set(asked):
        rendered = pages.render(digest, page=max(1, _number(asked.get("page", "")) or 1))
        return _answer(rendered.body.encode()) if rendered else _inactive()
    with snapshot():
        found = pages.find(digest, timezone.now())
        if found is None:
            return _inactive()
        link, retainers = found
        if "year" in asked or "all" in asked:
            return _story(link, retainers, asked)
        document = document_of(link, retainers, timezone.now())
        if asked.get("as") == "json":
            return _file(canonical(document), "json", f"hourtab-{document['sheets'][0]['as_of']}")
        return _page(
            "sharing/check.html", {"fingerprint": fingerprint(document), "link": link, "file": "?as=json", "back": link.path}
        )


def _story(link: ShareLink, retainers: list[Retainer], asked: Mapping[str, str]) -> HttpResponse:
    year = _number(asked.get("year", ""))
    if "year" in asked and (year is None or not 1900 <= year <= 2999):
        return _inactive()
    place = min(_number(asked.get("retainer", "")) or 1, len(retainers)) - 1
    retainer = retainers[max(0, place)]
    story = story_of(retainer, link, timezone.now(), year)
    name = f"hourtab-{year or 'engagement'}"
    if asked.get("as") == "pdf":
        return _file(story_pdf(story, link.workspace, _paper(asked)), "pdf", name)
    if asked.get("as") == "csv":
        return _file(lines_csv(story, link), "csv", name)
    here = f"?year={year}" if year else "?all"
    return _page("sharing/story.html", {"page": story, "link": link, "here": here})


@require_safe
def public_statement(request: HttpRequest, address: str) -> HttpResponse:
    """Show a statement at its own address; `version` asks for an earlier one, `as` for a file."""
    asked = request.GET
    with snapshot():
        now = timezone.now()
        found = find_statements(address, now)
        page = statement_page(*found, now, version=_number(asked.get("version", ""))) if found else None
        if found is None or page is None:
            return _inactive()
        link, _versions = found
        name = f"hourtab-statement-{page.number}" + (f"-version-{page.version}" if page.versions else "")
        if asked.get("as") == "json":
            return _file(canonical(page.document), "json", name)
        if asked.get("as") == "pdf":
            return _file(statement_pdf(page, link.workspace, _paper(asked)), "pdf", name)
        if asked.get("as") == "csv":
            return _file(lines_csv(page, link), "csv", name)
        more = f"?version={page.version}&" if "version" in asked else "?"
        if "check" in asked:
            context = {"fingerprint": page.fingerprint, "link": link, "file": f"{more}as=json", "back": page.path}
            return _page("sharing/check.html", context)
        return _page("sharing/statement.html", {"page": page, "more": more})


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 7 else None


def _paper(asked: Mapping[str, str]) -> str:
    return {"a4": "a4", "letter": "us-letter"}.get(asked.get("paper", ""), "")


def _page(template: str, context: Mapping[str, object]) -> HttpResponse:
    return _answer(render_to_string(template, dict(context)).encode())


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = _answer(content)
    answer["Content-Type"] = _KINDS[kind]
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _answer(content: bytes, status: int = 200) -> HttpResponse:
    answer = HttpResponse(content, status=status)
    for header, value in PUBLIC.items():
        answer[header] = value
    return answer


def _inactive() -> HttpResponse:
    return _answer(pages.inactive_page(), 404)
