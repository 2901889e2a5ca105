"""JSON Schemas for Hypothesis: those of types, and anything that looks like one."""

from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12)
NAMES = st.sampled_from(["approved", "reason", "a/b", "a~b", "", "x y", "id", "é", "<b>", "a.b"])
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False) | TEXT
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner), max_leaves=4)  # fmt: skip
_TYPES = ("string", "integer", "number", "boolean", "null", "array", "object", "odd")
_FORMATS = ("date", "date-time", "time", "email", "uri", "binary", "odd")


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A schema of others, with every keyword that is looked at, well or badly used."""
    number = st.integers(-3, 300) | st.floats(allow_nan=False) | TEXT
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(_TYPES) | st.lists(st.sampled_from(_TYPES), max_size=3),
            "title": TEXT | st.none(),
            "description": TEXT | VALUES,
            "default": VALUES,
            "enum": st.lists(PLAIN, max_size=8) | VALUES,
            "const": VALUES,
            "format": st.sampled_from(_FORMATS),
            "pattern": TEXT,
            "properties": st.dictionaries(NAMES, inner, max_size=4) | VALUES,
            "required": st.lists(NAMES, max_size=3) | VALUES,
            "items": inner | VALUES,
            "anyOf": st.lists(inner, max_size=3) | VALUES,
            "allOf": st.lists(inner, max_size=2) | VALUES,
            "$ref": st.sampled_from(["#", "#/properties/reason", "#/$defs/one", "http://x", "#/a"]),
            "$defs": st.dictionaries(st.just("one"), inner, max_size=1),
            **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "minLength"), number),
            **dict.fromkeys(("exclusiveMaximum", "maxLength", "multipleOf"), number),
        },
    )


SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    _around(st.just({"type": "string"})), _around, max_leaves=6
)
