"""Public pages that are not stored: further pages of a log, searches, statements, years, documents,
feeds, pictures.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from hourtab.core.document.chain import canonical
from hourtab.lane.headers import CHECKED
from hourtab.ledger.models import Statement
from hourtab.lib import tokens
from hourtab.lib.colours import stylesheet
from hourtab.lib.database import snapshot
from hourtab.lib.paging import number_of
from hourtab.lib.pictures import kind_of
from hourtab.lib.text import visible
from hourtab.pages.public.answers import answer, file, inactive, page
from hourtab.pages.public.digests import subscribe
from hourtab.retainers.models import Retainer
from hourtab.sharing.addresses import find_statements
from hourtab.sharing.models import ShareLink
from hourtab.showing import feeds
from hourtab.showing import stored as pages
from hourtab.showing.balance.asked import Asked
from hourtab.showing.document import balance_document, fingerprint
from hourtab.showing.files.csv import lines_csv
from hourtab.showing.files.pdf import (
    PdfBusyError,
    TooMuchForPdfError,
    present_pdf,
    statement_pdf,
    story_pdf,
)
from hourtab.showing.files.present import present_of
from hourtab.showing.look import look_of
from hourtab.showing.parts import Part, words_of
from hourtab.showing.statement import statement_page
from hourtab.showing.story import story_of

_A_YEAR = "public, max-age=31536000, immutable"


@csrf_exempt
def public_page(request: HttpRequest, token: str) -> HttpResponse:
    """Answer a link with a query. Without one, the lane does.

    `retainer`, `page`, `q` (a search) and `hours` (what if) ask for the page; `year` or `all` for a
    story; `as` for a file; `feed` for a feed; `check` and `logo` for themselves. A POST to
    `subscribe` asks for a digest.
    """
    if not tokens.PATTERN.fullmatch(token):
        return inactive(request)
    asked, now = request.GET, timezone.now()
    if "subscribe" in asked:
        return subscribe(request, token)
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if not {"as", "check", "year", "all", "feed", "logo"} & set(asked):
        return _balance(request, token, asked)
    with snapshot():
        found = pages.find(tokens.digest_of(token), now)
        if found is None:
            return inactive(request)
        link, retainers = found
        with translation.override(words_of(link, retainers[0]).language):
            return _answer_for(request, link, retainers, now) or inactive(request)


def _balance(request: HttpRequest, token: str, asked: Mapping[str, str]) -> HttpResponse:
    rendered = pages.render(tokens.digest_of(token), Asked.of(asked))
    return answer(rendered.body.encode()) if rendered else inactive(request)


def _check(link: ShareLink, digest: str, file: str, back: str) -> HttpResponse:
    names = {
        "provider": visible(link.workspace.name),
        "client": visible(link.client.name),
        "look": look_of(link.workspace),
    }
    context = {
        "fingerprint": digest,
        "file": file,
        "back": back,
        "page": names,
        "language": translation.get_language(),
    }
    return page("sharing/check.html", context)


type _Answer = Callable[[HttpRequest, ShareLink, list[Retainer], datetime], HttpResponse | None]


def _answer_for(
    request: HttpRequest, link: ShareLink, retainers: list[Retainer], now: datetime
) -> HttpResponse | None:
    """Answer what was asked of a link; None for what it does not show."""
    asked = request.GET
    ways: dict[str, _Answer] = {"logo": _logo, "feed": _feed, "year": _story, "all": _story}
    way = next((ways[name] for name in ways if name in asked), _document)
    return way(request, link, retainers, now)


def _document(
    request: HttpRequest, link: ShareLink, retainers: list[Retainer], now: datetime
) -> HttpResponse | None:
    if not link.shows_documents:
        return None
    kind = request.GET.get("as")
    if kind in ("csv", "pdf"):
        return _present(request, link, retainers, now, kind)
    document = balance_document(link, [Part(retainer, link, now) for retainer in retainers])
    if request.GET.get("as") == "json":
        return file(canonical(document), "json", f"hourtab-{document['sheets'][0]['as_of']}")
    return _check(link, fingerprint(document), "?as=json", link.path)


def _present(
    request: HttpRequest, link: ShareLink, retainers: list[Retainer], now: datetime, kind: str
) -> HttpResponse | None:
    part = Part(retainers[_place(request.GET, retainers)], link, now)
    page = present_of(part, link)
    if page is None:
        return None
    name = f"hourtab-{part.today}"
    if kind == "csv":
        return file(lines_csv(page, link), "csv", name)
    return _pdf(request, name, lambda paper: present_pdf(page, link.workspace, paper))


def _place(asked: Mapping[str, str], retainers: list[Retainer]) -> int:
    """Return the index of the retainer that was asked for."""
    return min(max(number_of(asked.get("retainer", "")) or 1, 1), len(retainers)) - 1


def _story(
    request: HttpRequest, link: ShareLink, retainers: list[Retainer], now: datetime
) -> HttpResponse | None:
    asked = request.GET
    year = number_of(asked.get("year", ""))
    if not link.shows_past or ("year" in asked and (year is None or not 1900 <= year <= 2999)):
        return None
    place = _place(asked, retainers)
    story = story_of(retainers[place], link, now, year)
    name = f"hourtab-{year or 'engagement'}"
    if "as" in asked and not link.shows_documents:
        return None
    if asked.get("as") == "pdf":
        return _pdf(request, name, lambda paper: story_pdf(story, link.workspace, paper))
    if asked.get("as") == "csv":
        return file(lines_csv(story, link), "csv", name)
    chosen = f"retainer={place + 1}&" if len(retainers) > 1 else ""
    here = f"?{chosen}year={year}" if year else f"?{chosen}all"
    return page("sharing/story.html", {"page": story, "link": link, "here": here, "chosen": chosen})


def _logo(
    request: HttpRequest, link: ShareLink, retainers: list[Retainer], now: datetime
) -> HttpResponse | None:
    if not link.workspace.logo or request.GET.get("logo") != look_of(link.workspace).logo:
        return None
    content = bytes(link.workspace.logo)
    picture = answer(content)
    picture["Content-Type"], picture["Cache-Control"] = (
        kind_of(content),
        "private, max-age=31536000, immutable",
    )
    return picture


def _feed(
    request: HttpRequest, link: ShareLink, retainers: list[Retainer], now: datetime
) -> HttpResponse | None:
    make = feeds.FEEDS.get(request.GET.get("feed", ""))
    if make is None or not link.has_feeds:
        return None
    feed = make(link, retainers, now)
    sent = answer(feed.content)
    sent["Content-Type"], sent["ETag"], sent["Cache-Control"] = (
        feed.content_type,
        feed.etag,
        CHECKED,
    )
    # Whoever has the address may show it elsewhere, that is what it is for; it carries no more than
    # the address gives.
    sent["Access-Control-Allow-Origin"], sent["Cross-Origin-Resource-Policy"] = "*", "cross-origin"
    if request.headers.get("If-None-Match", "") == feed.etag:
        sent.status_code, sent.content = 304, b""
    return sent


@require_safe
def public_statement(request: HttpRequest, address: str) -> HttpResponse:
    """Show a statement at its own address; `version` asks for an earlier one, `as` for a file."""
    with snapshot():
        now = timezone.now()
        found = find_statements(address, now)
        if found is None or not (found[0].shows_documents and found[0].shows_past):
            return inactive(request)
        with translation.override(words_of(found[0], found[1][0].retainer).language):
            return _statement(request, address, found, now) or inactive(request)


def _statement(
    request: HttpRequest, address: str, found: tuple[ShareLink, list[Statement]], now: datetime
) -> HttpResponse | None:
    asked = request.GET
    content = statement_page(*found, now, version=number_of(asked.get("version", "")))
    if content is None:
        return None
    link, _versions = found
    if "logo" in asked:
        return _logo(request, link, [], now)
    name = f"hourtab-statement-{content.number}" + (
        f"-version-{content.version}" if content.versions else ""
    )
    if asked.get("as") == "json":
        return file(canonical(content.document), "json", name)
    if asked.get("as") == "pdf":
        return _pdf(request, name, lambda paper: statement_pdf(content, link.workspace, paper))
    if asked.get("as") == "csv":
        return file(lines_csv(content, link), "csv", name)
    more = f"?version={content.version}&" if "version" in asked else "?"
    if "check" in asked:
        return _check(link, content.fingerprint, f"{more}as=json", content.path)
    return page("sharing/statement.html", {"page": content, "more": more})


@require_safe
def look(request: HttpRequest, colour: str) -> HttpResponse:
    """Return the stylesheet of a colour that a workspace chose, kept readable on light and dark."""
    sheet = answer(stylesheet(f"#{colour}").encode())
    sheet["Content-Type"], sheet["Cache-Control"] = "text/css; charset=utf-8", _A_YEAR
    return sheet


def _pdf(request: HttpRequest, name: str, make: Callable[[str], bytes]) -> HttpResponse:
    """Answer with a PDF on the paper that was asked for, or say why there is none."""
    paper = {"a4": "a4", "letter": "us-letter"}.get(request.GET.get("paper", ""), "")
    try:
        return file(make(paper), "pdf", name)
    except PdfBusyError:
        busy = answer(pages.busy_page(request.headers.get("Accept-Language", "")), 503)
        busy["Retry-After"] = "10"
        return busy
    except TooMuchForPdfError:
        asked = request.GET.copy()
        asked["as"] = "csv"
        context = {"language": translation.get_language(), "csv": f"?{asked.urlencode()}"}
        return page("sharing/no_pdf.html", context, 422)
