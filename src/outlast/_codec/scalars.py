"""The table of values that are not JSON and have no parts to walk: dates, numbers, texts, paths.

Each kind is written as a few named parts beside its tag. `write` and `read` are inverse; `read`
may raise any of `MALFORMED` for parts that it did not write.
"""

import base64
import re
import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from outlast._codec.marks import Dropped
from outlast._codec.trail import Refused, type_name

Parts: TypeAlias = dict[str, Any]

MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, OSError)

_LONGEST_PLAIN_INT: Final = 8192  # bits; Python refuses to read decimal numbers of 4300 digits
_ZONE_KEY: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


class Scalar(msgspec.Struct, frozen=True):
    """One kind: the exact class, its tag, and the way there and back."""

    cls: type
    tag: str
    write: Callable[[Any], Parts]
    read: Callable[[Parts], object]


def is_long_int(value: int) -> bool:
    """Whether an integer is too long to be a JSON number."""
    return value.bit_length() > _LONGEST_PLAIN_INT


def is_text(value: str) -> bool:
    """Whether a text has a UTF-8 form, that is, no lone surrogates."""
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _write_time(value: datetime | time) -> Parts:
    zone = value.tzinfo
    parts: Parts = {"value": value.isoformat()}
    if key := _zone_key(zone):
        parts = {"value": value.replace(tzinfo=None).isoformat(), "zone": key}
    elif type(zone) is timezone:
        parts |= _zone_name(zone)
    elif zone is not None and not _parsed_by_pydantic(zone):
        raise Refused(value, _zone_reason(zone))
    if value.fold:
        parts["fold"] = 1
    return parts


def _zone_key(zone: Any) -> str | None:
    """That of a `ZoneInfo` which has one. There can only be a `ZoneInfo` where its module is loaded."""
    loaded: Any = sys.modules.get("zoneinfo")
    return zone.key if loaded is not None and type(zone) is loaded.ZoneInfo else None


def _zone_name(zone: timezone) -> Parts:
    name = zone.tzname(None)
    return {} if name == timezone(zone.utcoffset(None)).tzname(None) else {"name": name}


def _parsed_by_pydantic(zone: tzinfo) -> bool:
    """Whether it is the fixed offset that pydantic gives to times which it has parsed."""
    return type(zone).__name__ == "TzInfo" and type(zone).__module__.startswith("pydantic_core")


def _zone_reason(zone: tzinfo) -> str:
    return f"whose time zone is a {type_name(type(zone))}; use zoneinfo.ZoneInfo(key) or datetime.timezone"


def _read_datetime(parts: Parts) -> datetime:
    value = datetime.fromisoformat(parts["value"])
    return value.replace(tzinfo=_read_zone(value, parts), fold=parts.get("fold", 0))


def _read_time(parts: Parts) -> time:
    value = time.fromisoformat(parts["value"])
    return value.replace(tzinfo=_read_zone(value, parts), fold=parts.get("fold", 0))


def _read_zone(value: datetime | time, parts: Parts) -> tzinfo | None:
    key, name, offset = parts.get("zone"), parts.get("name"), value.utcoffset()
    if key is not None:
        # zoneinfo looks keys up as files and as data of one package; nothing else may get there.
        if not _ZONE_KEY.fullmatch(key):
            raise ValueError(key)
        from zoneinfo import ZoneInfo  # slow to import, and few values have one

        return ZoneInfo(key)
    return timezone(offset, name) if name is not None and offset is not None else value.tzinfo


def _write_timedelta(value: timedelta) -> Parts:
    return {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}


def _read_timedelta(parts: Parts) -> timedelta:
    return timedelta(parts["days"], parts["seconds"], parts["microseconds"])


def _write_bytes(value: bytes | bytearray) -> Parts:
    return {"base64": base64.b64encode(value).decode("ascii")}


def _read_bytes(parts: Parts) -> bytes:
    return base64.b64decode(parts["base64"], validate=True)


def _write_as_str(value: object) -> Parts:
    return {"value": str(value)}


def _read_decimal(parts: Parts) -> Decimal:
    return Decimal(_str(parts["value"]))


def _read_complex(parts: Parts) -> complex:
    return complex(float(parts["real"]), float(parts["imag"]))


def _str(value: object) -> str:
    if type(value) is not str:
        raise TypeError
    return value


def _read_dropped(parts: Parts) -> Dropped:
    return Dropped(_str(parts["of"]))


SCALARS: Final = (
    # Of the JSON types, those values that JSON cannot hold.
    Scalar(float, "float", _write_as_str, lambda parts: float(_str(parts["value"]))),
    Scalar(int, "int", lambda value: {"hex": hex(value)}, lambda parts: int(parts["hex"], 16)),
    Scalar(
        str,
        "str",
        lambda value: _write_bytes(value.encode("utf-8", "surrogatepass")),
        lambda parts: _read_bytes(parts).decode("utf-8", "surrogatepass"),
    ),
    Scalar(bytes, "bytes", _write_bytes, _read_bytes),
    Scalar(bytearray, "bytearray", _write_bytes, lambda parts: bytearray(_read_bytes(parts))),
    Scalar(complex, "complex", lambda v: {"real": v.real, "imag": v.imag}, _read_complex),
    Scalar(Decimal, "decimal", _write_as_str, _read_decimal),
    Scalar(datetime, "datetime", _write_time, _read_datetime),
    Scalar(
        date,
        "date",
        lambda value: {"value": value.isoformat()},
        lambda parts: date.fromisoformat(parts["value"]),
    ),
    Scalar(time, "time", _write_time, _read_time),
    Scalar(timedelta, "timedelta", _write_timedelta, _read_timedelta),
    Scalar(UUID, "uuid", _write_as_str, lambda parts: UUID(parts["value"])),
    # A Path is one of the platform that reads it; the pure kinds keep their flavour.
    Scalar(
        type(Path()),
        "path",
        lambda value: {"value": value.as_posix()},
        lambda parts: Path(_str(parts["value"])),
    ),
    Scalar(
        PurePosixPath,
        "pure_posix_path",
        _write_as_str,
        lambda parts: PurePosixPath(_str(parts["value"])),
    ),
    Scalar(
        PureWindowsPath,
        "pure_windows_path",
        _write_as_str,
        lambda parts: PureWindowsPath(_str(parts["value"])),
    ),
    Scalar(Dropped, "dropped", lambda value: {"of": value.type_name}, _read_dropped),
)

SCALAR_BY_CLASS: Final = {scalar.cls: scalar for scalar in SCALARS}
SCALAR_BY_TAG: Final = {scalar.tag: scalar for scalar in SCALARS}
