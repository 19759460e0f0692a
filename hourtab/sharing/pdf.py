"""Statements and stories as PDF, set by Typst. Fonts come with the packages, so that every script
is there on every machine.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst
from babel import Locale
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hourtab.accounts.models import Workspace
from hourtab.lib.colours import readable_on_white
from hourtab.sharing.log import Day
from hourtab.sharing.present import Present
from hourtab.sharing.statements import StatementPage
from hourtab.sharing.story import Story

_SHEETS = Path(__file__).parent.parent / "typst"
_ACCENT = "#2f5d50"


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
        "reason": _("Reopened: %(reason)s") % {"reason": page.reason} if page.reason else "",
        "decided": [
            " ".join(filter(None, (item.outcome, item.what, item.emergency, item.reason)))
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
    return {
        "provider": page.provider,
        "for_client": _("for %(client)s") % {"client": page.client},
        "language": page.language,
        "paper": paper or paper_of(workspace.locale),
        "logo": list(workspace.logo or b""),
        "accent": readable_on_white(workspace.colour) if workspace.colour else _ACCENT,
        "figure": [list(part) for part in page.figure],
        "label": page.label,
        "lines": _lines(page.days),
        "more": _more(page.more_lines),
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


def _more(count: int) -> str:
    return (
        ngettext("%(n)s more line is in the CSV.", "%(n)s more lines are in the CSV.", count)
        % {"n": count}
        if count
        else ""
    )


def _lines(days: Sequence[Day]) -> list[dict[str, str]]:
    found = []
    for day in days:
        for line in day.lines:
            meta = [*line.meta, *(mark.word for mark in line.marks)]
            found.append(
                {
                    "day": day.short,
                    "what": line.what,
                    "meta": " · ".join(meta),
                    "hours": line.hours,
                    "left": line.left,
                }
            )
    return found


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
    compiler = typst.Compiler(
        str(_SHEETS / sheet),
        root=str(_SHEETS),
        font_paths=_fonts(),
        sys_inputs={"data": json.dumps(said, ensure_ascii=False)},
    )
    content: Any = compiler.compile(format="pdf")
    return bytes(content)
