"""The attempt whose code is running, for code that has more to tell of it."""

from collections.abc import Mapping
from typing import Final

from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.trace import Span, set_span_in_context
from opentelemetry.util.types import AttributeValue

_ATTEMPT: Final = create_key("outlast-attempt")


def attempt_context(span: Span) -> Context:
    """The current context, with the span of an attempt as the current one."""
    return set_value(_ATTEMPT, span, set_span_in_context(span))


def is_followed() -> bool:
    """Whether this is the code of an attempt that has a span which is recorded."""
    return _attempt() is not None


def tell_of_attempt(attributes: Mapping[str, AttributeValue]) -> None:
    """Add attributes to the span of the attempt, also where another span is the current one. Nothing happens where
    there is none."""
    if (span := _attempt()) is not None:
        span.set_attributes(attributes)


def _attempt() -> Span | None:
    found = get_value(_ATTEMPT)
    return found if isinstance(found, Span) and found.is_recording() else None
