"""The schema of a hook: checking payloads with its type where that is known, and else with its JSON Schema."""

import sys
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address
from types import FunctionType, NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin
from uuid import UUID

import msgspec

from outlast._model.events import Payload
from outlast.errors import DefinitionError, HookPayloadError

NO_SCHEMA: Final = msgspec.Raw(b"")


class HookData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of a hook's row. Compatibility rule, as for events: fields are only ever added."""

    schema: Payload = NO_SCHEMA
    """The JSON Schema."""
    type: str = ""
    """Module and name of a class, `flows:Approval`; or the JSON of what is made of classes,
    `["union","flows:Approval","null"]`; empty for other types."""
    metadata: Payload = NO_SCHEMA
    """An object, encoded."""
    url: str = ""
    """That of a webhook, if its beginning was known."""
    webhook: Payload = NO_SCHEMA
    """How it is served, if it is a webhook; see `outlast._webhooks.row`."""
    once: bool = False
    """Whether it takes one payload: of several answers at the same time one counts."""


encode_data: Final = msgspec.json.Encoder().encode
decode_data: Final = msgspec.json.Decoder(HookData).decode


def json_schema(schema: Any) -> bytes:
    """The JSON Schema of a type. Raises `DefinitionError` if it has none."""
    if isinstance(schema, dict | FunctionType):  # which pydantic would take for something else
        reason = "this is no type"
        raise DefinitionError(
            f"hook({schema!r})", reason, hint="Give a model, a dataclass, dict[str, int], ..."
        )
    try:
        return msgspec.json.encode(_adapter(schema).json_schema())
    except Exception as error:  # pydantic's own and, for metadata that does not fit its type, any
        why = getattr(error, "message", error)
        raise DefinitionError(f"hook({schema!r})", f"the type has no JSON Schema: {why}") from error


def type_name(schema: Any) -> str:
    """By what a type is found in another process; empty if it cannot be."""
    told = _told(schema)
    return told if isinstance(told, str) else msgspec.json.encode(told).decode()


def typed(value: Any, schema: Any) -> Any:
    """A value as the type has it. Raises `HookPayloadError`."""
    from pydantic import ValidationError

    try:
        return _adapter(schema).validate_json(_json(value))
    except ValidationError as error:
        # Not the input: it may be secret, and its sender knows it.
        details = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [
            f"{'.'.join(str(part) for part in detail['loc']) or '$'}: {detail['msg']}"
            for detail in details
        ]
        raise HookPayloadError(problems, [dict(detail) for detail in details]) from error


def fitting(value: Any, data: HookData) -> Any:
    """A payload in its JSON form, which fits. Raises `HookPayloadError` if it does not.

    The type is used if this process has it, since it may ask for more than its JSON Schema tells.
    """
    if not data.schema:
        return value
    plain = msgspec.json.decode(_json(value))
    known = _known_type(data.type) if data.type else None
    if known is not None:
        typed(value, known)
    else:
        _check(plain, bytes(data.schema))
    return plain


def _check(plain: Any, schema: bytes) -> None:
    # Here and not above: it takes as long to import as the rest of the library, and only a process that does
    # not know the type needs it.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # With a registry of its own, it fetches nothing from the network, whatever a schema refers to.
    make_validator: Any = Draft202012Validator
    make_registry: Any = Registry
    validator = make_validator(
        msgspec.json.decode(schema), registry=make_registry(), format_checker=_formats()
    )
    if found := list(validator.iter_errors(plain)):
        raise HookPayloadError(
            [f"{error.json_path}: {error.message}" for error in found],
            [
                {"type": error.validator, "loc": list(error.absolute_path), "msg": error.message}
                for error in found
            ],
        )


def _json(value: Any) -> bytes:
    """The value as JSON, as pydantic writes it. Raises `HookPayloadError` if it has no such form."""
    from pydantic_core import PydanticSerializationError, to_json

    try:
        return to_json(value, by_alias=True, inf_nan_mode="strings")
    except (PydanticSerializationError, ValueError) as error:
        raise HookPayloadError([f"$: {error}"]) from None


_MADE: Final[dict[str, Any]] = {
    **{kind.__name__: kind for kind in (list, tuple, set, frozenset, dict)},
    "union": Union,
}


def _told(schema: Any) -> Any:
    """The name of a class, or a list: what a type is made of; empty if it is not made of classes that are known."""
    if schema in (None, NoneType, ...):
        return "..." if schema is ... else "null"
    origin = get_origin(schema)
    if origin is None:
        name = f"{schema.__module__}:{schema.__qualname__}" if isinstance(schema, type) else ""
        return name if name and _known_class(name) is schema else ""
    if origin is Annotated:
        inner, *notes = get_args(schema)
        return _told(inner) if all(getattr(one, "discriminator", None) for one in notes) else ""
    kind = next((name for name, one in _MADE.items() if one is origin), "")
    kind = "union" if origin is UnionType else kind
    parts = [_told(one) for one in get_args(schema)]
    return [kind, *parts] if kind and all(parts) else ""


def _known_type(name: str) -> Any:
    """The type of that name, if the modules of its classes are loaded."""
    return _made(msgspec.json.decode(name)) if name.startswith("[") else _known_class(name)


def _made(told: Any) -> Any:
    match told:
        case "null":
            return NoneType
        case "...":
            return ...
        case str():
            return _known_class(told)
        case [str(kind), *parts] if kind in _MADE:
            made = tuple(_made(one) for one in parts)
            return _MADE[kind][made] if made and all(one is not None for one in made) else None
        case _:
            return None


def _known_class(name: str) -> type | None:
    """The class of that name, if its module is loaded."""
    module, _, path = name.partition(":")
    found: Any = sys.modules.get(module)
    for part in path.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


@lru_cache(maxsize=1)
def _formats() -> Any:
    """Checks the formats of texts that pydantic writes into schemas, as it does."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, kind in _FORMATS.items():
        checker.checks(name, raises=ValueError)(partial(_is_format, kind))
    return checker


_FORMATS: Final = {
    "date": date,
    "date-time": datetime,
    "time": time,
    "duration": timedelta,
    "uuid": UUID,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
}


def _is_format(kind: Any, value: object) -> bool:
    """Raises `ValueError` for a text that does not stand for the type; what is no text has no format."""
    if isinstance(value, str):
        _adapter(kind).validate_json(msgspec.json.encode(value))
    return True


def _adapter(schema: Any) -> Any:
    try:
        return _kept_adapter(schema)
    except TypeError:  # not hashable
        return _make_adapter(schema)


@lru_cache(maxsize=200)
def _kept_adapter(schema: Any) -> Any:
    return _make_adapter(schema)


def _make_adapter(schema: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(schema)
