"""The translation catalogues: `python -m tests.catalogues` brings them up to date with the texts in
code and templates.

It gathers every text, merges it into `hourtab/locale/<language>/LC_MESSAGES/django.po`, and
compiles that. No other tool is needed.
"""

import ast
import io
import os
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

HOUSE = Path(__file__).parent.parent / "hourtab"
LOCALE = HOUSE / "locale"
WRITTEN = datetime(2026, 1, 1, tzinfo=UTC)
"""Headers name one date for all, so that a catalogue changes only with its texts."""
KEYWORDS = {
    "_": None,
    "_lazy": None,
    "gettext": None,
    "gettext_lazy": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "gettext_noop": None,
}
PUBLIC = (
    "sharing",
    "showing",
    "pages/public",
    "deciding",
    "templates/sharing",
    "templates/mail",
    "templates/account/email/",
    "archive/mails.py",
    "team/mails.py",
    "templates/parts/bar.html",
    "templates/parts/log_line.html",
    "ledger/saying/words.py",
    "ledger/saying/bar.py",
    "retainers/words.py",
    "lib/words.py",
    "templates/landing",
    "accounts/professions.py",
    "templates/error.html",
    "templates/base.html",
    "ledger/saying/coverage.py",
    "retainers/weights.py",
    "overage/words.py",
    "overage/mails.py",
    "overage/services.py",
    "overage/links.py",
    "pages/public/approvals.py",
    "templates/overage/approval.html",
    "alerts/mails.py",
    "templates/alerts/mute.html",
)
SAID_BY_CLASSES = ("ledger/errors.py",)
"""Where the docstring of a class is the sentence that people read."""
PRIVATE = ("sharing/forms.py", "pages/retainers/links.py")
"""Parts of these places that only the provider reads."""


def texts(only_public: bool = False) -> Catalog:
    """Return every text of code and templates, without translations."""
    import django
    from django.utils.translation.template import templatize

    django.setup()
    found = Catalog(charset="utf-8")
    for path in sorted([*HOUSE.rglob("*.py"), *HOUSE.glob("templates/**/*")]):
        place = path.relative_to(HOUSE).as_posix()
        if path.is_dir() or "/migrations/" in place or (only_public and not _is_public(place)):
            continue
        source = path.read_text()
        if path.suffix != ".py":
            # What stands between the texts is of no interest, and its indentation would stop the
            # tokenizer.
            source = "\n".join(
                line.strip() for line in templatize(source, origin=place).splitlines()
            )
        for line, message, comments, context in _extracted(source):
            found.add(message, locations=[(place, line)], auto_comments=comments, context=context)
        if place in SAID_BY_CLASSES:
            for line, sentence in _docstrings(source):
                found.add(sentence, locations=[(place, line)])
    return found


def _docstrings(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef) and (said := ast.get_docstring(node)):
            yield node.lineno, " ".join(said.split())


def _is_public(place: str) -> bool:
    return place.startswith(PUBLIC) and place not in PRIVATE


def _extracted(source: str) -> Iterator[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    yield from extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS)


def languages() -> list[str]:
    """Return the languages there are catalogues for, beside English, in which the texts are
    written.
    """
    return sorted(path.parent.parent.name for path in LOCALE.glob("*/LC_MESSAGES/django.po"))


def read(language: str) -> Catalog:
    """Return a catalogue as it is kept."""
    with (LOCALE / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as it is read at run time; what is doubtful is left out."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def main() -> int:
    """Bring all catalogues up to date; name what is not translated of what the public reads."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hourtab.settings")
    public, every = texts(only_public=True), texts()
    missing = 0
    for language in languages():
        path = LOCALE / language / "LC_MESSAGES" / "django.po"
        catalogue = read(language)
        catalogue.update(every, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        catalogue.creation_date = catalogue.revision_date = WRITTEN
        with path.open("wb") as file:
            write_po(
                file, catalogue, width=120, sort_output=True, omit_header=False, no_location=True
            )
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        for message in untranslated(catalogue, public):
            missing += 1
            print(f"{language}: {message!r}")
    return 1 if missing else 0


def untranslated(catalogue: Catalog, wanted: Catalog) -> list[str | tuple[str, ...]]:
    """Return the texts of `wanted` that the catalogue does not say, or says with other
    placeholders.
    """
    found = []
    for message in wanted:
        if not message.id:
            continue
        own = catalogue.get(
            message.id if isinstance(message.id, str) else message.id[0], message.context
        )
        said = (
            [own.string]
            if own and isinstance(own.string, str)
            else list(own.string or ())
            if own
            else []
        )
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        if (
            not said
            or not all(said)
            or any(_places(text) - _places(ids[-1]) for text in said)
            or _places(ids[-1]) - _places(said[-1])
        ):
            found.append(message.id)
    return found


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s|%%", text))


if __name__ == "__main__":
    sys.exit(main())
