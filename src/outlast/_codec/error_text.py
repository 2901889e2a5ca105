"""What people read of a recorded exception; its class need not be known."""

from typing import Any, Final, cast

import msgspec

_CAUSED: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"


class ErrorText(msgspec.Struct, frozen=True):
    """A recorded exception as text."""

    type: str
    """Its class: `ValueError`, `shop.orders.PaymentError`."""
    message: str
    traceback: str
    """As Python prints it, without the exceptions that led to it; see `chain_text`."""

    def __str__(self) -> str:
        """Its class and its message; many have none."""
        return f"{self.type}: {self.message}" if self.message else self.type


def error_text(form: dict[str, Any]) -> ErrorText:
    """The texts in the form of an exception. Missing ones are empty."""
    name = _text(form, "class") or "builtins:BaseException"
    module, _, qualname = name.partition(":")
    return ErrorText(
        qualname if module == "builtins" else f"{module}.{qualname}",
        _text(form, "message"),
        _text(form, "traceback"),
    )


def chain_text(form: dict[str, Any]) -> str:
    """The traceback text with those of the causes before it, as Python prints a chain."""
    texts = [_text(form, "traceback")]
    while True:
        key, joint = ("cause", _CAUSED) if "cause" in form else ("context", _DURING)
        linked = form.get(key)
        if not isinstance(linked, dict):
            return "".join(reversed(texts))
        form = cast("dict[str, Any]", linked)
        texts += [joint, _text(form, "traceback")]


def _text(form: dict[str, Any], name: str) -> str:
    text = form.get(name)
    return text if isinstance(text, str) else ""
