"""pydantic models, taken apart and rebuilt as pydantic's own pickling does: no validation.

pydantic is not imported here: a value can only be a model where it is loaded already.
"""

from collections.abc import Mapping
from typing import Any, Final

from outlast._codec.records import missing_field
from outlast._codec.shapes import Fields, Parts, Shape


def model_shape(cls: type) -> Shape | None:
    """The shape of a pydantic model."""
    return _MODEL if _base_model(cls) is not None else None


def _base_model(cls: type) -> Any:
    for base in cls.__mro__:
        if base.__name__ == "BaseModel" and base.__module__ == "pydantic.main":
            return base
    return None


class _ModelShape:
    """Fields, extra values (where the model allows them), private attributes, and what was given."""

    def take(self, value: Any) -> Parts:
        names: Mapping[str, object] = value.__class__.__pydantic_fields__
        attributes = value.__dict__
        fields = {name: attributes[name] for name in names if name in attributes}
        given = value.__pydantic_fields_set__
        return Parts(
            fields,
            value.__pydantic_extra__ or {},
            value.__pydantic_private__ or None,
            None if given >= names.keys() else [name for name in names if name in given],
        )

    def make(self, cls: Any, parts: Parts) -> object:
        value = cls.__new__(cls)
        fields = {
            name: parts.fields[name] for name in cls.__pydantic_fields__ if name in parts.fields
        }
        for name, info in cls.__pydantic_fields__.items():
            if name not in fields:
                fields[name] = _default(cls, name, info, fields)
        extra = parts.extra if cls.model_config.get("extra") == "allow" else None
        given = parts.fields.keys() if parts.given is None else parts.given
        state = {
            "__dict__": {name: fields[name] for name in cls.__pydantic_fields__},
            "__pydantic_extra__": extra,
            "__pydantic_fields_set__": (set(given) & fields.keys()) | set(extra or ()),
            "__pydantic_private__": _private(cls, parts),
        }
        _base_model(cls).__setstate__(value, state)
        return value


def _default(cls: type, name: str, info: Any, fields: Fields) -> object:
    if info.is_required():
        raise missing_field(cls, name)
    return info.get_default(call_default_factory=True, validated_data=fields)


def _private(cls: Any, parts: Parts) -> Fields | None:
    if not cls.__private_attributes__:
        return None
    recorded = parts.private or {}
    private: Fields = {}
    for name, info in cls.__private_attributes__.items():
        item = recorded[name] if name in recorded else info.get_default()
        if name in recorded or not _is_undefined(item):
            private[name] = item
    return private


def _is_undefined(item: object) -> bool:
    return type(item).__name__ == "PydanticUndefinedType"


_MODEL: Final = _ModelShape()
