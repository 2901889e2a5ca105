"""Times in words for people, and the one place of the command line that reads the clock."""

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from outlast._clock import Micros

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))


def current_time() -> datetime:
    """The time on this machine, to tell people how long ago or until when; no decision rests on it."""
    return datetime.now(UTC)  # noqa: TID251 - the edge shows times; everything below gets it passed


def moment(micros: Micros) -> datetime:
    """A time as events have it."""
    return _EPOCH + timedelta(microseconds=micros)


def length(span: timedelta) -> str:
    """A length of time in few letters: `0.3 ms`, `12 ms`, `1.24 s`, `3m 20s`, `2d 4h`."""
    seconds = max(0.0, span.total_seconds())
    if seconds < 0.001:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return _in_units(round(seconds))


def offset(span: timedelta) -> str:
    """When something was, from the start of the run: `+0.012 s`, `+3m 20s`."""
    seconds = span.total_seconds()
    if abs(seconds) < 9.9995:
        return f"{seconds:+.3f} s"
    if abs(seconds) < 59.95:
        return f"{seconds:+.1f} s"
    return ("+" if seconds > 0 else "-") + _in_units(round(abs(seconds)))


def ticking(span: timedelta) -> str:
    """How long something has been under way: tenths of seconds, then the two largest units."""
    seconds = max(0.0, span.total_seconds())
    return f"{seconds:.1f} s" if seconds < 59.95 else _in_units(round(seconds))


def rough(span: timedelta) -> str:
    """A length for a clock that ticks: whole seconds, then the two largest units."""
    seconds = max(0, round(span.total_seconds()))
    return f"{seconds}s" if seconds < 60 else _in_units(seconds)


def ago(then: datetime, now: datetime) -> str:
    """In one unit: `12s ago`, `3h ago`, `in 5m`."""
    return f"in {_largest(then - now)}" if then > now else f"{_largest(now - then)} ago"


def date_and_time(then: datetime) -> str:
    """In the local time zone, to the second."""
    return then.astimezone(local_zone()).strftime("%Y-%m-%d %H:%M:%S")


def local_zone() -> tzinfo | None:
    """`None` for this machine's time zone, as `datetime.astimezone` has it. UTC where that is none: `TZ=UTC+25`."""
    try:
        current_time().astimezone()
    except ValueError:
        return UTC
    return None


def _largest(span: timedelta) -> str:
    seconds = max(0, round(span.total_seconds()))
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _in_units(seconds: int) -> str:
    for index, (size, unit) in enumerate(_UNITS):
        if seconds >= size:
            small, small_unit = _UNITS[index + 1] if index + 1 < len(_UNITS) else (1, "s")
            whole, rest = divmod(round(seconds / small) * small, size)
            return f"{whole}{unit} {rest // small}{small_unit}"
    return f"{seconds}s"
