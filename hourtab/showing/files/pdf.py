"""Statements and stories as PDF, set by Typst. Fonts come with the packages, so that every script
is there on every machine.

What a PDF costs follows from its texts, and those come from outside: they are cut, it is set in a
process that is bounded (see `typeset`), and no more than two of those run beside one web process.
"""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from babel import Locale
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.accounts.models import Workspace
from hourtab.lib.colours import readable_on_white
from hourtab.showing.files.present import Present
from hourtab.showing.log import Day
from hourtab.showing.statement import StatementPage
from hourtab.showing.story import Story

log = logging.getLogger(__name__)

_SHEETS = Path(__file__).parents[2] / "typst"
_TYPESET = Path(__file__).parent / "typeset.py"
_ACCENT = "#2f5d50"

MOST_A_LINE = 1_000
MOST_CHARACTERS = 300_000
"""A PDF has no more of one line, and of all lines together; its CSV has the whole texts."""
MOST_AT_ONCE = 2
WAITS_SECONDS = 10.0
TAKES_SECONDS = 30.0
_SLOTS = threading.BoundedSemaphore(MOST_AT_ONCE)
# Threads and arenas take address space each, as many as there are processors.
_ENVIRONMENT = {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}


class TooMuchForPdfError(Exception):
    """This is too much for a PDF."""


class PdfBusyError(Exception):
    """Others are being made; this one has waited long enough."""


@cache
def _fonts() -> list[str]:
    """Return the folders of the fonts: Latin, Greek and Cyrillic; Japanese, Chinese and Korean."""
    return [str(files("fontpkg_noto_sans") / "files"), str(files("justmytype_intl_cjk") / "fonts")]


def statement_pdf(page: StatementPage, workspace: Workspace, paper: str = "") -> bytes:
    """Return a statement as PDF. `paper` is `a4` or `us-letter`, by default what the workspace's
    country uses.
    """
    said = _common(page, workspace, paper) | {
        "subtitle": _("Statement %(number)s, closed on %(day)s")
        % {"number": page.number, "day": page.closed}
        + (f" · {_('version %(n)s') % {'n': page.version}}" if page.version > 1 else ""),
        "title": f"{page.name}, {page.stretch}",
        "came_in": [asdict(row) for row in page.came_in],
        "went_out": [asdict(row) for row in page.went_out],
        "note": page.note,
        "reason": _("Reopened: %(reason)s") % {"reason": _cut(page.reason)} if page.reason else "",
        "decided": [
            _cut(" ".join(filter(None, (item.outcome, item.what, item.emergency, item.reason))))
            for item in page.decided
        ],
        "agreement": page.agreement,
        "fingerprint": page.fingerprint,
    }
    return _compile("statement.typ", said)


def story_pdf(story: Story, workspace: Workspace, paper: str = "") -> bytes:
    """Return a story as PDF."""
    said = _common(story, workspace, paper) | {
        "title": f"{story.name}: {story.title}",
        "subtitle": story.stretch,
        "kinds": [asdict(share) for share in story.kinds],
        "months": [asdict(share) for share in story.months],
        "fingerprint": "",
    }
    return _compile("story.typ", said)


def present_pdf(page: Present, workspace: Workspace, paper: str = "") -> bytes:
    """Return the present cycle as PDF."""
    said = _common(page, workspace, paper) | {
        "title": f"{page.name}, {page.stretch}",
        "subtitle": page.as_of,
        "came_in": [asdict(row) for row in page.came_in],
        "went_out": [asdict(row) for row in page.went_out],
        "note": "",
        "reason": "",
        "decided": [],
        "agreement": page.agreement,
        "fingerprint": "",
    }
    return _compile("statement.typ", said)


def _common(
    page: StatementPage | Story | Present, workspace: Workspace, paper: str
) -> dict[str, Any]:
    lines, left_out, is_cut = _lines(page.days)
    return {
        "provider": page.provider,
        "for_client": _("for %(client)s") % {"client": page.client},
        "language": page.language,
        "paper": paper or paper_of(workspace.locale),
        "logo": list(workspace.logo or b""),
        "accent": readable_on_white(workspace.colour) if workspace.colour else _ACCENT,
        "figure": [list(part) for part in page.figure],
        "label": page.label,
        "lines": lines,
        "more": _more(page.more_lines + left_out, is_cut=is_cut),
        "labels": {
            "fingerprint": "SHA-256",
            "day": _("Day"),
            "work": _("Work"),
            "time": _("Time"),
            "left": "" if isinstance(page, Story) else _("Left after it"),
            "log": _("Work log"),
            "nothing": _("No work was logged."),
            "agreement": _("The agreement"),
            "decided": _("More hours"),
            "kinds": _("Kinds of work"),
            "months": _("By month"),
        },
    }


def _more(count: int, *, is_cut: bool) -> str:
    said = []
    if count:
        text = ngettext("%(n)s more line is in the CSV.", "%(n)s more lines are in the CSV.", count)
        said.append(text % {"n": count})
    if is_cut:
        said.append(_("Long texts are cut here; the whole text is in the CSV."))
    return " ".join(said)


def _lines(days: Sequence[Day]) -> tuple[list[dict[str, str]], int, bool]:
    """Return the lines that a PDF lists, how many it leaves out, and whether it cuts a text."""
    found: list[dict[str, str]] = []
    characters, is_cut = 0, False
    for day in days:
        for line in day.lines:
            meta = [*line.meta, *(mark.word for mark in line.marks)]
            said = {
                "day": day.short,
                "what": _cut(line.what),
                "meta": " · ".join(meta),
                "hours": line.hours,
                "left": line.left,
            }
            characters += sum(map(len, said.values()))
            if characters > MOST_CHARACTERS:
                return found, sum(len(one.lines) for one in days) - len(found), is_cut
            is_cut = is_cut or said["what"] != line.what
            found.append(said)
    return found, 0, is_cut


def _cut(text: str) -> str:
    return text if len(text) <= MOST_A_LINE else f"{text[: MOST_A_LINE - 1]}…"


def paper_of(locale: str) -> str:
    """Return the paper a locale prints on: letter in North America and a few countries more, else
    A4.
    """
    territory = Locale.parse(locale, sep="-").territory or ""
    return (
        "us-letter"
        if territory in ("US", "CA", "MX", "PH", "CL", "CO", "VE", "CR", "GT", "PA", "SV")
        else "a4"
    )


def _compile(sheet: str, said: Mapping[str, Any]) -> bytes:
    """Set a sheet. Raises `PdfBusyError` where others take too long, `TooMuchForPdfError` where it
    needs more memory or time than it may have.
    """
    if not _SLOTS.acquire(timeout=WAITS_SECONDS):
        raise PdfBusyError
    try:
        made = subprocess.run(  # noqa: S603  The command is ours; what others wrote is on stdin.
            [sys.executable, "-P", str(_TYPESET), str(_SHEETS / sheet), *_fonts()],
            input=json.dumps(said, ensure_ascii=False).encode(),
            capture_output=True,
            timeout=TAKES_SECONDS,
            env=os.environ | _ENVIRONMENT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TooMuchForPdfError from None
    finally:
        _SLOTS.release()
    if made.returncode:
        log.error("A PDF was not made: status %s.", made.returncode)
        raise TooMuchForPdfError
    return made.stdout
