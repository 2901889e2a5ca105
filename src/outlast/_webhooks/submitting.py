"""What a person has sent with a form: the payload, or what is wrong with it, field by field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from outlast._webhooks.fields import (
    Choice,
    Decision,
    Field,
    Fixed,
    Group,
    Json,
    Lines,
    Number,
    Picks,
    Slot,
    Switch,
    Text,
    form_field,
    leaves,
)
from outlast._webhooks.wording import as_json

Form: TypeAlias = Mapping[str, Sequence[str]]
Problems: TypeAlias = Mapping[str, str]
"""What is wrong, by the names of fields in the form; under "" what belongs to none."""

YES: Final = "true"
NO: Final = "false"

_NEEDED: Final = "An answer is needed."
_CHOOSE: Final = "Choose one of these."


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A form that was sent. The payload is one of JSON, and is worth something if there are no problems."""

    payload: Any
    problems: dict[str, str] = {}


def payload_of(form: Form, schema: Mapping[str, Any] | None) -> Submitted:
    """What a form stands for. Never fails, whatever is in the form.

    Whether the payload fits the schema is for others to check; what they find, `problems_by_field` brings back.
    Without a schema there is nothing to fill in, and the payload is `None`.
    """
    if schema is None:
        return Submitted(payload=None)
    reader = _Reader(form)
    found = reader.value(form_field(schema))
    return Submitted(payload=None if found is msgspec.UNSET else found, problems=reader.problems)


def problems_by_field(found: Sequence[str], schema: Mapping[str, Any]) -> dict[str, str]:
    """The problems of a `HookPayloadError`, each at the field that it is about."""
    slots = [leaf.slot for leaf in leaves(form_field(schema))]
    by_field: dict[str, list[str]] = {}
    for problem in found:
        place, _, message = problem.partition(": ")
        name = _name_of(place, slots) if message else ""
        by_field.setdefault(name, []).append(_as_said(message) if name else problem)
    return {name: "; ".join(messages) for name, messages in by_field.items()}


def initial(field: Field) -> tuple[str, ...]:  # noqa: PLR0911 - one for each kind
    """What the form has for a field before anyone has touched it."""
    default = field.slot.default
    if default is None or default is msgspec.UNSET:
        return ()
    match field, default:
        case (Switch(), bool()):
            return (YES,) if default else ()
        case (Choice(), _):
            return (token(default),)
        case (Picks(), [*items]):
            return tuple(map(token, items))
        case (Lines(), [*items]):
            return ("\n".join(map(str, items)),)
        case (Text(input="datetime-local"), str()):
            return (re.sub(r"(:00)?(\.0+)?(Z|\+00:00)$", "", default),)
        case (Text() | Number(), str() | int() | float()):
            return (str(default),)
        case (Json(), _):
            return (as_json(default),)
        case _:
            return ()


def token(value: Any) -> str:
    """What stands for a value of a choice in a form: 1 is not "1"."""
    return as_json(value, indent=0)


def is_checkbox(field: Switch) -> bool:
    """Whether something is assumed: then a box is checked or is not; else people must say."""
    return isinstance(field.slot.default, bool) and not field.slot.is_nullable


class _Reader:
    """Reads one form."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self.problems: dict[str, str] = {}

    def value(self, field: Field) -> Any:
        """The value of a field; `UNSET` if the payload should not have it."""
        match field:
            case Group():
                return self._group(field)
            case Fixed(slot=slot, value=value):
                return msgspec.UNSET if value is None and not slot.is_required else value
            case Picks():
                return self._picks(field)
            case Switch(slot=slot) if is_checkbox(field):
                return slot.name in self._form
            case _:
                written = self._written(field.slot)
                return self._one(field, written) if written.strip() else self._empty(field)

    def _one(self, field: Field, written: str) -> Any:  # noqa: PLR0911 - one for each kind
        match field:
            case Decision() | Switch():
                return self._choice(field.slot, (True, False), written)
            case Choice(slot=slot, values=values):
                return self._choice(slot, values, written)
            case Number():
                return self._checked(field.slot, read_number, written.strip(), field)
            case Lines(slot=slot):
                return self._checked(slot, _read_lines, written, field)
            case Json(slot=slot):
                return self._checked(slot, _read_json, written, field)
            case Text(input="text"):
                return written
            case Text(input="datetime-local"):
                return _in_utc(written.strip())
            case _:
                return written.strip()

    def _group(self, group: Group) -> Any:
        if group.slot.path and not group.slot.is_needed and self._is_untouched(group):
            has_default = group.slot.default not in (None, msgspec.UNSET)
            is_asked = group.slot.is_required and group.slot.is_nullable and not has_default
            return None if is_asked else msgspec.UNSET
        values = {field.slot.path[-1]: self.value(field) for field in group.fields}
        return {key: value for key, value in values.items() if value is not msgspec.UNSET}

    def _is_untouched(self, group: Group) -> bool:
        """Whether all of it is empty, or as it was shown."""
        fields = leaves(group)
        written = [_filled(map(_normal, self._form.get(one.slot.name, ()))) for one in fields]
        return not any(written) or written == [_filled(initial(one)) for one in fields]

    def _picks(self, field: Picks) -> Any:
        by_token = {token(value): value for value in field.values}
        given = self._form.get(field.slot.name, ())
        if unknown := [one for one in given if one not in by_token]:
            return self._problem(field.slot, f"{unknown[0][:50]!r} is none of these.")
        return [by_token[one] for one in given] if given else self._empty(field)

    def _empty(self, field: Field) -> Any:
        """What it means that a field was left empty."""
        slot = field.slot
        has_default = bool(slot.default) and slot.default is not msgspec.UNSET
        match field:
            case _ if slot.is_nullable:
                return None if slot.is_required or has_default else msgspec.UNSET
            case Lines() | Picks():
                return [] if slot.is_required or has_default else msgspec.UNSET
            case Text(input="text") if has_default and not slot.is_required:
                return ""
            case _ if slot.is_needed:
                return self._problem(slot, _NEEDED)
            case _:
                return msgspec.UNSET

    def _choice(self, slot: Slot, values: Sequence[Any], written: str) -> Any:
        for value in values:
            if token(value) == written:
                return value
        return self._problem(slot, _CHOOSE)

    def _checked(self, slot: Slot, read: Any, written: str, field: Field) -> Any:
        try:
            return read(written, field)
        except ValueError as error:
            return self._problem(slot, str(error))

    def _problem(self, slot: Slot, message: str) -> Any:
        self.problems[slot.name] = message
        return msgspec.UNSET

    def _written(self, slot: Slot) -> str:
        return _normal(next(iter(self._form.get(slot.name, ())), ""))


def _filled(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if text.strip()]


def _normal(text: str) -> str:
    """Browsers send the ends of lines as HTTP has them."""
    return text.replace("\r\n", "\n")


_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,300}", re.ASCII)
_FRACTION: Final = re.compile(r"[+-]?([0-9]{1,300}\.?[0-9]{0,300}|\.[0-9]{1,300})(e[+-]?[0-9]{1,4})?", re.ASCII | re.I)  # fmt: skip


def read_number(written: str, field: Number) -> int | float | str:
    """The number that is written so. Raises `ValueError`, which says what it must be."""
    if _WHOLE.fullmatch(written) and not field.is_exact:
        return int(written)
    if field.is_whole:
        raise ValueError("This must be a whole number.")
    if not _FRACTION.fullmatch(written):
        raise ValueError("This must be a number.")
    if field.is_exact:
        return written
    found = float(written)
    if found in (float("inf"), float("-inf")):
        raise ValueError("This number is too large.")
    return found


def _read_lines(written: str, field: Lines) -> list[Any]:
    lines = [line.strip() for line in written.split("\n") if line.strip()]
    if field.item == "string":
        return lines
    number = Number(slot=field.slot, is_whole=field.item == "integer")
    return [read_number(line, number) for line in lines]


def _read_json(written: str, _field: Json) -> Any:
    try:
        return msgspec.json.decode(written)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"This must be JSON: {error}") from None


def _in_utc(written: str) -> str:
    """The page asks for it in UTC, and browsers send no zone."""
    local = re.fullmatch(r"\d{4,6}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?", written, re.ASCII)
    return written if local is None else f"{written}{'' if local[1] else ':00'}Z"


def _as_said(message: str) -> str:
    """Without what pydantic puts before the words of the program."""
    said = message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return said[:1].upper() + said[1:]


def _name_of(place: str, slots: Sequence[Slot]) -> str:
    """The field that a place like `address.street`, `$.items[0]` or `items.0` lies in."""
    place = re.sub(r"\[(\d+)\]", r".\1", place.removeprefix("$").removeprefix("."))
    for slot in slots:
        own = ".".join(slot.path)
        if place == own or not own or place.startswith(f"{own}."):
            return slot.name
    return ""
