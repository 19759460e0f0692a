"""Reading JSON field by field: each is checked, named by its path, and what nobody asked for is
refused.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, get_args

from hourtab.core.amounts import LONGEST
from hourtab.core.cycles import FIRST_DAY, LAST_DAY

_MOST = 1000 * LONGEST


class DocumentError(ValueError):
    """A document breaks a rule. `path` names the field: `entries[3].amount`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}" if path else reason)
        self.path = path
        self.reason = reason


_NEEDED = object()


class Fields:
    """The fields of one object: each is taken once, and what nobody took is refused."""

    def __init__(self, raw: object, path: str) -> None:
        if not isinstance(raw, dict):
            raise DocumentError(
                path, "must be an object" if path else "a ledger document is a JSON object"
            )
        self.raw = raw
        self.path = path
        self.taken: set[str] = set()

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def take(self, key: str, default: Any = _NEEDED) -> Any:
        self.taken.add(key)
        if key not in self.raw and default is _NEEDED:
            raise DocumentError(self.at(key), "is missing")
        return self.raw.get(key, default)

    def end(self) -> None:
        for key in self.raw:
            if key not in self.taken:
                raise DocumentError(self.at(key), "is not a key of this format")

    def text(self, key: str, default: Any = _NEEDED, *, allow_empty: bool = True) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise DocumentError(self.at(key), "must be a text")
        if not value and not allow_empty:
            raise DocumentError(self.at(key), "must not be empty")
        return value

    def choice(self, key: str, kind: Any, default: Any = _NEEDED) -> Any:
        value, options = self.take(key, default), get_args(kind)
        if not isinstance(value, str) or value not in options:
            raise DocumentError(self.at(key), f"must be one of {', '.join(options)}")
        return value

    def whole(
        self, key: str, default: Any = _NEEDED, *, least: int | None = 0, of: str = "seconds"
    ) -> int:
        value = self.take(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            raise DocumentError(self.at(key), f"not a whole number of {of}")
        if least is not None and value < least:
            raise DocumentError(
                self.at(key), "must not be negative" if least == 0 else f"must be at least {least}"
            )
        if abs(value) > _MOST:
            raise DocumentError(self.at(key), "is absurdly large")
        return value

    def figure(self, key: str) -> int:
        """Take an amount that may be negative."""
        return self.whole(key, least=None)

    def maybe_whole(self, key: str, default: Any = None, *, of: str = "seconds") -> int | None:
        return None if self.take(key, default) is None else self.whole(key, default, of=of)

    def day(self, key: str, default: Any = _NEEDED) -> date:
        value = self.take(key, default)
        if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
            raise DocumentError(self.at(key), "must be a date like 2027-01-31")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise DocumentError(self.at(key), f"{value} is not in the calendar") from None
        if not FIRST_DAY <= day <= LAST_DAY:
            raise DocumentError(self.at(key), f"must lie between {FIRST_DAY} and {LAST_DAY}")
        return day

    def maybe_day(self, key: str) -> date | None:
        return None if self.take(key, None) is None else self.day(key)

    def object(self, key: str) -> "Fields":
        return Fields(self.take(key, {}), self.at(key))

    def every(self, key: str) -> list["Fields"]:
        """Take a list of objects, without asking what else they hold."""
        raw = self.take(key)
        if not isinstance(raw, list):
            raise DocumentError(self.at(key), "must be a list")
        return [Fields(item, f"{self.at(key)}[{i}]") for i, item in enumerate(raw)]

    def each[T](
        self, key: str, build: Callable[["Fields"], T], *, unique: str | None = None
    ) -> tuple[T, ...]:
        raw = self.take(key, [])
        if not isinstance(raw, list):
            raise DocumentError(self.at(key), "must be a list")
        built: list[T] = []
        seen: dict[object, int] = {}
        for i, item in enumerate(raw):
            fields = Fields(item, f"{self.at(key)}[{i}]")
            built.append(build(fields))
            fields.end()
            name = getattr(built[-1], unique) if unique else built[-1]
            if seen.setdefault(name, i) != i and (unique or key == "pauses"):
                raise DocumentError(
                    fields.at(unique or "cycle"), f"the same as in {key}[{seen[name]}]"
                )
        return tuple(built)


def refuse_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object of JSON; raise where a key is given twice (JSON itself would keep the last,
    silently).
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise DocumentError(
            next(name for name in names if names.count(name) > 1),
            "is given twice in the same object",
        )
    return found


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads but JSON does not know."""
    raise DocumentError("", f"not JSON: {name} is not a number")


_DEEPEST = 60
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")


def refuse_unwritable(raw: object, text: str) -> None:
    """Refuse what JSON can say and UTF-8 cannot (half of a character), and what is nested so deeply
    that it could not be written again. `text` is what `raw` was read from.
    """
    halves = bool(_HALF.search(text) or _ESCAPED.search(text))
    # Most documents hold neither, and then need no walk.
    if halves or text.count("[") + text.count("{") >= _DEEPEST:
        _walk(raw, "", 0, halves)


def _walk(raw: object, path: str, depth: int, halves: bool) -> None:
    if isinstance(raw, str):
        if halves and _HALF.search(raw):
            raise DocumentError(path, "holds half of a character")
        return
    if not isinstance(raw, dict | list):
        return
    if depth > _DEEPEST:
        raise DocumentError(path, "nested too deeply for a document")
    if isinstance(raw, list):
        for i, item in enumerate(raw):
            if isinstance(item, str | dict | list):
                _walk(item, f"{path}[{i}]", depth + 1, halves)
        return
    for key, item in raw.items():
        if halves and _HALF.search(key):
            raise DocumentError(path, "has a key with half of a character")
        if isinstance(item, str | dict | list):
            _walk(item, f"{path}.{key}" if path else key, depth + 1, halves)
