"""Recorded values for people: the JSON of a payload without the tags that keep its types."""

import json
from typing import Any, Final, cast

TAG: Final = "$type"
LONGEST: Final = 200
"""So many characters of a value are shown on one line."""


def plain(value: Any) -> Any:
    """The JSON with each tagged object replaced by what it stands for: fields, items, or a text."""
    if isinstance(value, list):
        return [plain(item) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    form = cast("dict[str, Any]", value)
    return _untagged(form) if TAG in form else {key: plain(form[key]) for key in form}


def value_text(value: Any) -> str:
    """A value as it is printed when it is the result: a text as it is, anything else as JSON."""
    shown = plain(value)
    return shown if isinstance(shown, str) else json.dumps(shown, indent=2, ensure_ascii=False)


def short_text(value: Any, longest: int = LONGEST) -> str:
    """A value on one line, cut if it is long."""
    return cut(json.dumps(plain(value), ensure_ascii=False), longest)


def cut(text: str, longest: int) -> str:
    """The text, or as much of it as may be shown."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def call_text(call: Any, longest: int = LONGEST) -> str:
    """Recorded arguments as they are written in a call: `3, name="bob"`."""
    if not isinstance(call, dict):
        return ""
    found = cast("dict[str, Any]", call)
    parts = [short_text(one, longest) for one in found.get("args", ())]
    parts += [f"{k}={short_text(v, longest)}" for k, v in found.get("kwargs", {}).items()]
    return cut(", ".join(parts), longest)


def _untagged(form: dict[str, Any]) -> Any:
    match form:
        case {"$type": "dict", "items": pairs}:
            return {_key(key): plain(item) for key, item in pairs}
        case {"$type": "exception", "class": name, "message": message}:
            kind = name.rpartition(":")[2]
            return f"{kind}: {message}" if message else kind
        case {"fields": inner} | {"items": inner} | {"value": inner}:
            return plain(inner)
        case _:
            return {key: plain(item) for key, item in form.items() if key != TAG}


def _key(key: Any) -> str:
    shown = plain(key)
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
