"""What reaches a log: lines, or JSON for machines. Never a token, a key, or what somebody wrote."""

import json
import logging
import re
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

type Raised = (
    tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
)

LONGEST = 2_000
"""Characters of a message that are logged: whoever sends a long header fills no disk with it."""

# Whatever is asked for ends up here, so each of these must take time in proportion to the text. The
# last begins at the beginning of a word only, and gives nothing back (`++`).
_SECRETS = (
    (re.compile(r"(/(?:r|s|d|a|m|join)/)[^\s/?#,\"'<>]+"), r"\1…"),
    (re.compile(r"(/accounts/(?:password/reset/key|confirm-email)/)[^\s?#\"'<>]+"), r"\1…"),
    (re.compile(r"\bht_[A-Za-z0-9_-]{8,}"), "ht_…"),
    (re.compile(r"(?<=[\w/…])\?[^\s\"'<>]+"), "?…"),
    (
        re.compile(r"(?<![^\s@<>\"'(),:;])[^\s@<>\"'(),:;]++@[^\s@<>\"'(),:;]+\.\w+"),
        "…@…",
    ),
)
_OF_THE_SYSTEM = (
    OSError,
    TypeError,
    AttributeError,
    NameError,
    ImportError,
    MemoryError,
    RecursionError,
)
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def masked(text: str) -> str:
    """Return a text without the secret part of addresses, keys, query strings and e-mail
    addresses.
    """
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def shortened(text: str) -> str:
    """Return the beginning of a text; a word is not cut in two, as half an address would not be
    known for one.
    """
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST]
    whole = kept.rstrip() if text[LONGEST].isspace() else kept.rpartition(" ")[0]
    return f"{whole} … ({len(text)} characters)"


def told(error: BaseException) -> str:
    """Return where an exception came from and its kind, as a traceback.

    Its message is left out where it may hold what somebody wrote: of all but those that speak of
    the system or the code.
    """
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    parts = []
    for one in reversed(chain):
        frames = "".join(traceback.format_list(traceback.extract_tb(one.__traceback__)))
        kind = f"{type(one).__module__}.{type(one).__qualname__}".removeprefix("builtins.")
        said = f": {one}" if isinstance(one, _OF_THE_SYSTEM) else ""
        parts.append(f"Traceback (most recent call last):\n{frames}{kind}{said}")
    return "\n\n".join(parts)


class Masked(logging.Formatter):
    """A line for people, masked."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Return the line without what follows it."""
        return masked(shortened(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        """Return a traceback without the message of the exception."""
        return masked(told(ei[1])) if ei[1] is not None else ""


class Json(logging.Formatter):
    """One JSON object a line: `at` (UTC), `level`, `logger`, `message`, `error` with its traceback,
    and what `extra` named.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        said: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(shortened(record.getMessage())),
        }
        if record.exc_info and record.exc_info[1] is not None:
            said["error"] = masked(told(record.exc_info[1]))
        more = {name: value for name, value in vars(record).items() if name not in _OWN}
        said |= {
            name: value for name, value in more.items() if isinstance(value, int | float | bool)
        }
        said |= {
            name: masked(shortened(value)) for name, value in more.items() if isinstance(value, str)
        }
        return json.dumps(said, ensure_ascii=False)
