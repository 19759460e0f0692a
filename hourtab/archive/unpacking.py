"""Reading an export that may have been altered: nothing is believed that the file says of itself.

A part is read line by line and counted while it is read; every row is checked as the forms check
it. Whatever is wrong raises `UnpackError` with a sentence.
"""

import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from hourtab.accounts.models import Workspace
from hourtab.archive.tables import columns_of, value_of
from hourtab.lib.choices import CURRENCIES, LOCALES
from hourtab.lib.pictures import PictureError, redrawn
from hourtab.retainers.models import Retainer
from hourtab.sharing.models import ShareLink

LONGEST_LINE = 128 * 2**20
MOST_UNPACKED = 16 * 2**30
MOST_DIGITS = 18
AT_ONCE = 2000
_MOST_HELD = 16 * 2**20
DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What reading a file that is none, or was altered, may raise."""


class UnpackError(ValueError):
    """The file cannot be read; the message says why."""


class Unpacking:
    """The parts of a file, of which no more is unpacked than an export may hold."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.unpacked = 0

    def contents(self) -> dict[str, Any]:
        """Return what `workspace.json` says the file holds."""
        with self.archive.open("workspace.json") as part:
            said = _parsed(self._counted(part.read(LONGEST_LINE + 1)))
        heads, links = said["retainers"], said["links"]
        if not isinstance(heads, list) or not isinstance(links, dict):
            raise UnpackError("workspace.json is not one of an export")
        return said

    def rows(self, model: type[models.Model]) -> Iterator[list[Any]]:
        """Yield the rows of a model, some at a time."""
        some: list[Any] = []
        held = 0
        with self.archive.open(f"rows/{model._meta.label_lower}.jsonl") as part:
            while line := self._counted(part.readline(LONGEST_LINE + 1)):
                some.append(_row(model, _parsed(line)))
                held += len(line)
                if len(some) == AT_ONCE or held > _MOST_HELD:
                    yield some
                    some, held = [], 0
        yield some

    def _counted(self, line: bytes) -> bytes:
        self.unpacked += len(line)
        if len(line) > LONGEST_LINE or self.unpacked > MOST_UNPACKED:
            raise UnpackError("it unpacks to more than an export holds")
        return line


def _parsed(line: bytes) -> dict[str, Any]:
    found = json.loads(line, parse_int=_whole, parse_constant=_refused)
    if not isinstance(found, dict):
        raise UnpackError("a row is no object")
    return found


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS + 1:
        raise UnpackError("a number has more digits than a column holds")
    return int(digits)


def _refused(constant: str) -> Any:
    raise UnpackError(f"{constant} is no number")


def _row(model: type[models.Model], values: Mapping[str, Any]) -> Any:
    """Return a row, of which every field is one that a form or a service would have stored."""
    row = model(
        **{field.attname: value_of(field, values[field.attname]) for field in columns_of(model)}
    )
    try:
        for field in columns_of(model):
            _check(field, getattr(row, field.attname))
        if model in _CHECKS:
            _CHECKS[model](row)
    except (ValidationError, PictureError) as error:
        said = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        raise UnpackError(f"{model._meta.verbose_name} {row.pk}: {said}") from None
    return row


def _check(field: Any, value: Any) -> None:
    if value is None:
        if not field.null:
            raise ValidationError(f"{field.name} is missing")
        return
    if field.is_relation:
        if not isinstance(value, int):
            raise ValidationError(f"{field.name} is no number of a row")
        return
    if isinstance(field, models.CharField | models.TextField) and "\0" in value:
        raise ValidationError(f"{field.name} holds a NUL")
    field.run_validators(value)
    if field.choices and value not in ("", *(key for key, _label in field.flatchoices)):
        raise ValidationError(f"{field.name} is none of its choices: {value!r}")


def _check_workspace(row: Workspace) -> None:
    _among(row.locale, LOCALES)
    _among(row.currency, CURRENCIES)
    row.logo = redrawn(bytes(row.logo)) if row.logo else None


def _check_retainer(row: Retainer) -> None:
    _among(row.currency, CURRENCIES)


def _check_link(row: ShareLink) -> None:
    _among(row.locale, ("", *LOCALES))


def _among(value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ValidationError(f"{value!r} is not one of {', '.join(filter(None, known))}")


_CHECKS: Mapping[type[models.Model], Callable[[Any], None]] = {
    Workspace: _check_workspace,
    Retainer: _check_retainer,
    ShareLink: _check_link,
}
