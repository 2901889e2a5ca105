"""Reading JSON Schemas: what they refer to, and what they allow beside `null`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast
from urllib.parse import unquote

Schema: TypeAlias = Mapping[str, Any]

_MOST_STEPS: Final = 20
"""A schema may refer to itself."""


def settled(schema: object, root: Schema) -> tuple[Schema, bool]:
    """The schema that this one stands for, and whether `null` is allowed beside it.

    What stands beside a reference wins: a property's title and default over those of its type.
    """
    found, is_nullable = as_object(schema), False
    for _ in range(_MOST_STEPS):
        further = _further(found, root)
        if further is None:
            return found, is_nullable
        found, allows_null = further
        is_nullable = is_nullable or allows_null
    return {}, is_nullable


def _further(schema: Schema, root: Schema) -> tuple[Schema, bool] | None:
    match schema:
        case {"$ref": str(ref), **rest}:
            return {**_target(ref, root), **rest}, False
        case {"allOf": [inner], **rest}:
            return {**as_object(inner), **rest}, False
        case {"anyOf": [*branches], **rest} | {"oneOf": [*branches], **rest}:
            return _without_null(branches, rest)
        case {"type": [*types], **rest}:
            kept_types = [one for one in types if one != "null"]
            return (
                ({**rest, "type": kept_types[0]}, "null" in types) if len(kept_types) == 1 else None
            )
        case _:
            return None


def _without_null(branches: Sequence[object], rest: Schema) -> tuple[Schema, bool] | None:
    kept = [found for one in branches if (found := as_object(one)).get("type") != "null"]
    allows_null = len(kept) < len(branches)
    if len(kept) == 1:
        return {**kept[0], **rest}, allows_null
    return ({**rest, "anyOf": kept}, True) if allows_null else None


def is_exact_number(schema: Schema) -> bool:
    """Whether it is a number or a text: so pydantic writes decimals, whose text is exact."""
    types = sorted(str(as_object(one).get("type")) for one in list_of(schema, "anyOf"))
    return types == ["number", "string"]


def as_object(found: object) -> Schema:
    """What was found, if it is an object; else an empty one."""
    return cast(Schema, found) if isinstance(found, Mapping) else {}


def list_of(schema: Schema, key: str) -> Sequence[object]:
    """The list under that key; empty if there is none."""
    found = schema.get(key)
    return cast(Sequence[object], found) if isinstance(found, list) else ()


def text_of(schema: Schema, key: str) -> str:
    """The text under that key; empty if there is none."""
    found = schema.get(key)
    return found if isinstance(found, str) else ""


def number_of(schema: Schema, key: str) -> float | None:
    """The number under that key."""
    found = schema.get(key)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _target(ref: str, root: Schema) -> Schema:
    """What a reference into the schema itself means; others mean anything."""
    if not ref.startswith("#"):
        return {}
    found: object = root
    for part in unquote(ref[1:]).split("/")[1:]:
        found = as_object(found).get(part.replace("~1", "/").replace("~0", "~"))
    return as_object(found)
