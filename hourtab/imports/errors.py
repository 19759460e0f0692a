"""What can stand between a file and the ledger: a refusal, or a question."""

from collections.abc import Sequence
from dataclasses import dataclass


class Refusal(ValueError):
    """The file is not taken; nothing is stored. Says where, what stood there, and why.

    `is_of_row`: only one row stands against it, and may be left out by choice.
    """

    def __init__(
        self,
        reason: str,
        *,
        line: int | None = None,
        column: str | None = None,
        value: str | None = None,
        is_of_row: bool = False,
    ) -> None:
        place = "".join(
            (
                f"line {line}, " if line else "",
                f"column {column}, " if column else "",
                f"“{value}”: " if value is not None else "",
            )
        )
        super().__init__(
            f"{place.removesuffix(', ') + ': ' if place and not place.endswith(': ') else place}{reason}"
        )
        self.reason, self.line, self.column = reason, line, column
        self.is_of_row = is_of_row or column is not None
        self.value = value if value is None or len(value) <= 200 else value[:200] + "…"


@dataclass(frozen=True, slots=True)
class Question:
    """Something the file leaves open. `key` is what `--answer` takes; `options` are the answers."""

    key: str
    text: str
    options: Sequence[str]
    line: int | None = None


class Open(Exception):
    """A question has to be answered first; nothing is stored."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question
