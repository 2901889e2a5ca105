"""Lengths and points of time as users write them."""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

from outlast._clock import SECOND, Micros, from_seconds
from outlast.errors import InvalidDurationError

TimeLike: TypeAlias = str | float | timedelta | datetime
"""Seconds, a text such as `"1h 30m"` or `"3 days"`, a `timedelta`, or an aware `datetime`."""

MAX_DURATION: Final[Micros] = 100 * 366 * 86_400 * SECOND

_UNITS: Final[dict[str, Micros]] = {
    "ms": 1_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "h": 3_600 * SECOND,
    "d": 86_400 * SECOND,
    "w": 7 * 86_400 * SECOND,
}
_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), "ms"),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*,?")


def duration(value: str | float | timedelta) -> Micros:
    """A length of time in microseconds: 0 or more, at most 100 years.

    Raises `InvalidDurationError`.
    """
    match value:
        case bool():
            raise InvalidDurationError(value, "a bool is not a number of seconds")
        case int() | float():
            micros = _from_number(value)
        case timedelta():
            micros = value // timedelta(microseconds=1)
        case str():
            micros = _from_text(value)
        case _:
            raise InvalidDurationError(value, f"its type is {type(value).__name__}")
    if micros < 0:
        raise InvalidDurationError(value, "it is negative")
    if micros > MAX_DURATION:
        raise InvalidDurationError(value, "it is longer than 100 years")
    return micros


def deadline(value: TimeLike, now: Micros) -> Micros:
    """The point in time `value` from `now` on; an aware `datetime` is that point itself, or where its zone takes
    it beyond the years that UTC has here, the nearest one.

    Raises `InvalidDurationError`, also for a naive `datetime`.
    """
    if not isinstance(value, datetime):
        return now + duration(value)
    if value.tzinfo is None:
        raise InvalidDurationError(value, "a datetime without a time zone is no point in time")
    return min(max(to_micros(value), _FIRST), _LAST)


def to_micros(moment: datetime) -> Micros:
    """An aware datetime as microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(micros: Micros) -> datetime:
    """Microseconds since the epoch as an aware datetime in UTC, exactly."""
    return _EPOCH + timedelta(microseconds=micros)


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_FIRST: Final = to_micros(datetime.min.replace(tzinfo=_EPOCH.tzinfo))
_LAST: Final = to_micros(datetime.max.replace(tzinfo=_EPOCH.tzinfo))


def _from_number(seconds: float) -> Micros:
    if seconds != seconds or seconds in (float("inf"), float("-inf")):
        raise InvalidDurationError(seconds, "it is not a finite number of seconds")
    return from_seconds(seconds)


@lru_cache(maxsize=512)
def _from_text(text: str) -> Micros:
    """Kept: the steps of agents are defined anew for each call, always with the same few texts."""
    total, end, folded = 0.0, 0, text.strip().lower()
    for part in _PART.finditer(folded):
        unit = _WORDS.get(part[2])
        if part.start() != end or unit is None:
            break
        total += float(part[1]) * _UNITS[unit]
        end = part.end()
    if folded.startswith("-"):
        raise InvalidDurationError(text, "it is negative")
    if end == 0 or end != len(folded):
        raise InvalidDurationError(
            text, "write numbers with units, such as '90s', '1h 30m', '3 days' or '500ms'"
        )
    return round(total)
