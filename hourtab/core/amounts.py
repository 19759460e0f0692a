"""Amounts of time: whole seconds, read from and written to every notation people use.

Nothing here is a float. Every quotient is rounded once, half up, by `half_up`.
"""

import re
from dataclasses import dataclass
from typing import Literal

HOUR = 3600
MINUTE = 60
LONGEST = 100_000 * HOUR
"""No cap and no entry is longer than this; a longer one is a slip of the keyboard."""

Style = Literal["hm", "decimal"]


class AmountError(ValueError):
    """The text is no amount of time, or could mean two. The message says what would be right."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How raw seconds become billable ones: to a `step` (0 = none), then at least `minimum` (ledger
    §2).
    """

    step: int = 0
    mode: Literal["up", "nearest", "down"] = "up"
    minimum: int = 0

    def apply(self, seconds: int) -> int:
        """Round `seconds`; ties of `nearest` go up; nothing stays nothing, also with a minimum."""
        if seconds == 0:
            return 0
        if self.step:
            whole, rest = divmod(seconds, self.step)
            up = rest > 0 if self.mode == "up" else self.mode == "nearest" and 2 * rest >= self.step
            seconds = (whole + up) * self.step
        return max(seconds, self.minimum)


def half_up(numerator: int, denominator: int) -> int:
    """Divide and round to the nearest whole number, ties away from zero. `denominator` is
    positive.
    """
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def charge(raw: int, rounding: Rounding, weight: int) -> int:
    """Return what `raw` seconds cost: rounded first, then weighted by `weight` percent, once
    (ledger §2).
    """
    return half_up(rounding.apply(raw) * weight, 100)


def money(amount: int, rate: int, *, counted: bool = False) -> int:
    """Return the price in minor units of `amount` at `rate` per hour, or per counted unit, half up
    (ledger §4).
    """
    return half_up(amount * rate, 100 if counted else HOUR)


_CLOCK = re.compile(r"(\d{1,6}):(\d{1,2})(?::(\d{1,2}))?", re.ASCII)
_NUMBER = re.compile(r"(\d{1,7})(?:([.,])(\d{1,12}))?|([.,])(\d{1,12})", re.ASCII)
_HOURS = (
    "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren u godz tim"
)
_MINUTES = "m mn min mins minute minutes minuten minuto minutos minuti"
_SECONDS = (
    "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondi"
)
UNIT_WORDS = {
    HOUR: tuple(_HOURS.split()),
    MINUTE: tuple(_MINUTES.split()),
    1: tuple(_SECONDS.split()),
}
"""What people call hours, minutes and seconds: the one vocabulary of fields, lines and files."""
_SECONDS_OF = {word: seconds for seconds, words in UNIT_WORDS.items() for word in words}
_PART = re.compile(r"\s*(\d[\d.,]*|[.,]\d+)\s*([a-z]+)\.?", re.ASCII)


def parse(text: str, *, most: int = LONGEST, bare_most: int = 24 * HOUR) -> int:
    """Read an amount of time in any of the notations `1h`, `1h 30m`, `1:30`, `01:30:00`, `1.5`,
    `1,5`, `90 min`.

    Returns whole seconds. A bare number is hours up to `bare_most`; a larger one might be minutes
    and is refused. Raises `AmountError` for what is ambiguous (`1:5`, `1.500`), negative, above
    `most`, or no duration at all.
    """
    words = " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").lower().split())
    if not words:
        raise AmountError("Say how long it took, for example 45m or 1h 30m.")
    if words[0] in "-\u2212":
        raise AmountError(f"“{text.strip()}” is negative. Time worked is 0 or more.")
    if ":" in words:
        seconds = _clock(words.removesuffix(" h").removesuffix("h"), text)
    elif _NUMBER.fullmatch(words):
        seconds = _decimal(words, HOUR)
        if bare_most < seconds <= most:
            raise AmountError(f"“{words}” could be hours or minutes. Write {words}h or {words}m.")
    else:
        seconds = _with_units(words, text)
    if seconds > most:
        raise AmountError(f"“{text.strip()}” is longer than {render(most)}; that cannot be right.")
    return seconds


def _clock(words: str, text: str) -> int:
    match = _CLOCK.fullmatch(words)
    if not match:
        raise _unreadable(text)
    hours, minutes, seconds = match.groups()
    if len(minutes) == 1 or (seconds is not None and len(seconds) == 1):
        raise AmountError(
            f"“{text.strip()}” could mean {hours}:0{minutes} or {hours}:{minutes}0. Write two digits."
        )
    if int(minutes) > 59 or int(seconds or 0) > 59:
        raise AmountError(f"“{text.strip()}” has more than 59 minutes or seconds after the colon.")
    return int(hours) * HOUR + int(minutes) * MINUTE + int(seconds or 0)


def _decimal(number: str, unit: int) -> int:
    match = _NUMBER.fullmatch(number)
    if not match:
        raise AmountError(f"“{number}” is not a number. Write for example 1.5 or 1,5.")
    whole = match[1] or "0"
    places = match[3] or match[5] or ""
    if match[2] and len(places) == 3 and 1 <= len(whole) <= 3 and whole != "0":
        raise AmountError(
            f"In “{number}” the mark could part thousands or decimals. Write {whole}{places}, or h and m."
        )
    return half_up((int(whole) * 10 ** len(places) + int(places or 0)) * unit, 10 ** len(places))


def _with_units(words: str, text: str) -> int:
    short = re.fullmatch(r"(\d{1,6}) ?h ?(\d{2})", words, re.ASCII)
    if short:
        words = f"{short[1]}h {short[2]}m"
    total, position, smallest, parts = 0, 0, 10 * HOUR, 0
    while position < len(words):
        match = _PART.match(words, position)
        unit = _SECONDS_OF.get(match[2]) if match else None
        if not match or unit is None or unit >= smallest:
            raise _unreadable(text)
        number, fractional = match[1], bool(re.search("[.,]", match[1]))
        if parts and (fractional or int(number) > 59):
            raise AmountError(
                f"“{text.strip()}” mixes two ways to write the same time. Write 1h 30m, or 1.5h, or 90m."
            )
        total += _decimal(number, unit)
        position, smallest, parts = match.end(), 1 if fractional else unit, parts + 1
    return total


def _unreadable(text: str) -> AmountError:
    return AmountError(
        f"“{text.strip()}” is not a duration. Write for example 45m, 1h 30m, 1:30 or 1.5."
    )


def parse_count(text: str, *, most: int = 100 * 100_000) -> int:
    """Read a number of counted units (`3`, `1.5`, `0,25`) as hundredths. Raises `AmountError`, also
    above `most`.
    """
    match = re.fullmatch(r"(\d{1,7})(?:[.,](\d{1,2}))?", text.strip(), re.ASCII)
    if not match:
        raise AmountError(f"“{text.strip()}” is not a number. Write for example 3 or 1.5.")
    count = int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
    if count > most:
        raise AmountError(f"“{text.strip()}” is more than {most // 100:,}; that cannot be right.")
    return count


def render(seconds: int, style: Style = "hm", *, mark: str = ".", space: str = "\u00a0") -> str:
    """Write `seconds` as `6 h 30 m` (seconds only where there are any) or `6.5 h`, never breaking
    across lines.

    `mark` is the decimal mark; the decimal style shows two places at most, rounded half up.
    """
    if style == "decimal":
        return f"{_hundredths(seconds, mark)}{space}h"
    sign, rest = ("\u2212", -seconds) if seconds < 0 else ("", seconds)
    hours, minutes, odd = rest // HOUR, rest % HOUR // MINUTE, rest % MINUTE
    parts = [f"{n}{space}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (odd, "s")) if n]
    return sign + (space.join(parts) or f"0{space}h")


def render_bare(seconds: int, style: Style = "hm", *, mark: str = ".") -> str | None:
    """Write `seconds` without its unit (`14` of “14 of 20 h”), or None where it is no plain number
    of hours.
    """
    if style == "decimal":
        return _hundredths(seconds, mark)
    return str(seconds // HOUR) if seconds % HOUR == 0 else None


def clock(seconds: int) -> str:
    """Write `seconds` as `1:30`, or `1:30:05` where there are odd seconds."""
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    odd = f":{rest % MINUTE:02d}" if rest % MINUTE else ""
    return f"{sign}{rest // HOUR}:{rest % HOUR // MINUTE:02d}{odd}"


def count(hundredths: int, *, mark: str = ".") -> str:
    """Write hundredths of a counted unit as a number: `3`, `1.5`, `12345.67`."""
    sign, rest = ("-", -hundredths) if hundredths < 0 else ("", hundredths)
    places = f"{rest % 100:02d}".rstrip("0")
    return f"{sign}{rest // 100}{mark + places if places else ''}"


def _hundredths(seconds: int, mark: str) -> str:
    cents = half_up(seconds * 100, HOUR)
    sign, cents = ("\u2212", -cents) if cents < 0 else ("", cents)
    places = f"{cents % 100:02d}".rstrip("0")
    return f"{sign}{cents // 100}{mark + places if places else ''}"
