"""NAME=VALUE as it is written on a command line."""

import json
from collections.abc import Iterable

from outlast._model.runs import Attributes, AttributeValue
from outlast.cli.problem import Problem


def attribute_pairs(texts: Iterable[str]) -> Attributes:
    """Attributes from texts such as `tenant=acme`.

    A value that is a JSON number, `true`, `false` or `null` is that; one in double quotes is the text
    within; anything else is a text. Raises `Problem` for a text without a name or `=`.
    """
    pairs: Attributes = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Problem(
                f"{text!r} is no attribute", hint="Write NAME=VALUE: --attribute tenant=acme"
            )
        pairs[name] = _value(value)
    return pairs


def _value(text: str) -> AttributeValue:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, list | dict) else value
