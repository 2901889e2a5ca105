"""Who sent a request, and whether it is as it was sent: the signatures of four standards.

Each scheme is a record, stored with the hook, and is called with a request. All are HMAC-SHA256 of the bytes of the
body, and are compared in constant time.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Protocol, TypeAlias

import msgspec

from outlast._clock import SECOND
from outlast._registry.durations import duration, to_micros
from outlast._webhooks.keys import checked_names, decoded_keys, keys
from outlast._webhooks.requests import WebhookRequest
from outlast.errors import InvalidDurationError, SignatureError

MAX_ID: Final = 255
"""Characters of the id of a message."""


class Verifier(Protocol):
    """Whether a request may be taken."""

    def __call__(self, request: WebhookRequest, now: datetime, /) -> str | None:
        """What the request stands for: when the same comes again, it is not delivered again. `None` if that cannot
        be told. Raises `SignatureError` if it must be refused."""
        ...


class StandardWebhooks(msgspec.Struct, frozen=True, tag_field="scheme", tag="standard-webhooks"):
    """Signatures as https://www.standardwebhooks.com has them: `webhook-id`, `webhook-timestamp` and
    `webhook-signature`, of the version `v1`.

    Args:
        secret: The name of the environment variable that has the secret (`whsec_...`); or several names while a
            secret is replaced by another, of which one must be set.
        tolerance: How old a request may be, and how far ahead its clock.
    """

    secret: str | tuple[str, ...]
    tolerance: str | float = "5m"

    def __post_init__(self) -> None:
        """Raises `DefinitionError` and `InvalidDurationError`."""
        checked_names("StandardWebhooks", self.secret)
        _check_tolerance(self.tolerance)

    def __call__(self, request: WebhookRequest, now: datetime, /) -> str:
        """The id of the message, which is the same when its sender tries again. Raises `SignatureError`."""
        message = _header(request, "webhook-id")
        at = _header(request, "webhook-timestamp")
        given = _header(request, "webhook-signature").split(" ")
        content = b"%b.%b.%b" % (message.encode(), at.encode(), request.body)
        made = [
            "v1," + base64.b64encode(_hmac(key, content)).decode()
            for key in decoded_keys(self.secret)
        ]
        _check_signature(made, given)
        _check_time(at, self.tolerance, now)
        if len(message) > MAX_ID:
            raise SignatureError(f"webhook-id has more than {MAX_ID} characters")
        return message


class GitHub(msgspec.Struct, frozen=True, tag_field="scheme", tag="github"):
    """GitHub's signatures: `X-Hub-Signature-256`. They tell no time, so a request that was overheard could be sent
    again for ever; it is not delivered twice.

    Args:
        secret: The name of the environment variable that has the secret; or several names while a secret is replaced
            by another, of which one must be set.
    """

    secret: str | tuple[str, ...]

    def __post_init__(self) -> None:
        """Raises `DefinitionError`."""
        checked_names("GitHub", self.secret)

    def __call__(self, request: WebhookRequest, now: datetime, /) -> str:
        """A digest of the body: GitHub does not sign its id of the delivery, so anyone could change that. Raises
        `SignatureError`."""
        given = _header(request, "x-hub-signature-256")
        made = ["sha256=" + _hmac(key, request.body).hex() for key in keys(self.secret)]
        _check_signature(made, [given])
        return _digest(request.body)


class Stripe(msgspec.Struct, frozen=True, tag_field="scheme", tag="stripe"):
    """Stripe's signatures: `Stripe-Signature`, of the version `v1`.

    Args:
        secret: The name of the environment variable that has the secret of the endpoint (`whsec_...`); or several
            names while a secret is replaced by another, of which one must be set.
        tolerance: How old a request may be, and how far ahead its clock.
    """

    secret: str | tuple[str, ...]
    tolerance: str | float = "5m"

    def __post_init__(self) -> None:
        """Raises `DefinitionError` and `InvalidDurationError`."""
        checked_names("Stripe", self.secret)
        _check_tolerance(self.tolerance)

    def __call__(self, request: WebhookRequest, now: datetime, /) -> str:
        """The id of the event, which is the same when Stripe tries again, with another signature; a digest of a body
        that has none. Raises `SignatureError`."""
        parts = [part.partition("=") for part in _header(request, "stripe-signature").split(",")]
        at = next((value for name, _, value in parts if name == "t"), "")
        given = [value for name, _, value in parts if name == "v1"]
        content = b"%b.%b" % (at.encode(), request.body)
        _check_signature([_hmac(key, content).hex() for key in keys(self.secret)], given)
        _check_time(at, self.tolerance, now)
        return _event_id(request.body) or _digest(content)


class Slack(msgspec.Struct, frozen=True, tag_field="scheme", tag="slack"):
    """Slack's signatures: `X-Slack-Signature`, of the version `v0`, and `X-Slack-Request-Timestamp`.

    Args:
        secret: The name of the environment variable that has the signing secret; or several names while a secret is
            replaced by another, of which one must be set.
        tolerance: How old a request may be, and how far ahead its clock.
    """

    secret: str | tuple[str, ...]
    tolerance: str | float = "5m"

    def __post_init__(self) -> None:
        """Raises `DefinitionError` and `InvalidDurationError`."""
        checked_names("Slack", self.secret)
        _check_tolerance(self.tolerance)

    def __call__(self, request: WebhookRequest, now: datetime, /) -> str:
        """A digest of what was signed. Raises `SignatureError`."""
        at = _header(request, "x-slack-request-timestamp")
        given = _header(request, "x-slack-signature")
        content = b"v0:%b:%b" % (at.encode(), request.body)
        _check_signature(["v0=" + _hmac(key, content).hex() for key in keys(self.secret)], [given])
        _check_time(at, self.tolerance, now)
        return _digest(content)


Verification: TypeAlias = StandardWebhooks | GitHub | Stripe | Slack
"""The schemes that this library knows."""


def _header(request: WebhookRequest, name: str) -> str:
    """Raises `SignatureError` if it is missing, or is no text that could be signed."""
    value = request.headers.get(name, "")
    if not value:
        raise SignatureError(f"the request has no {name}")
    if not value.isascii() or not value.isprintable():
        raise SignatureError(f"{name} has characters that no signature has")
    return value


def _check_signature(made: Iterable[str], given: Iterable[str]) -> None:
    """Raises `SignatureError` unless one that was made is one that was given, to the letter."""
    expected = tuple(made)
    fits = [hmac.compare_digest(one, other) for other in given for one in expected]
    if not any(fits):
        raise SignatureError(
            "no signature of the request fits",
            hint="The secret is another one, or the body was changed on its way.",
        )


def _check_tolerance(tolerance: object) -> None:
    """Raises `InvalidDurationError` for what is no length of time, or would not come back from the hook's record."""
    if not isinstance(tolerance, str | int | float):
        raise InvalidDurationError(tolerance, "a tolerance is a text or a number of seconds")
    duration(tolerance)


_SECONDS: Final = re.compile(r"[0-9]{1,11}", re.ASCII)


def _check_time(written: str, tolerance: str | float, now: datetime) -> None:
    """Raises `SignatureError` for a time that is too far from now, before or after, or is none."""
    if not _SECONDS.fullmatch(written):
        raise SignatureError("the time of the request is no number of seconds")
    ahead = int(written) * SECOND - to_micros(now)
    if abs(ahead) > duration(tolerance):
        raise SignatureError(
            f"the request is too {'far ahead of' if ahead > 0 else 'old for'} the clock here",
            hint=f"At most {tolerance} may lie between (`tolerance`).",
        )


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")


def _digest(content: bytes) -> str:
    """Not the signature: of one content there are several while a secret is replaced."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class _Event(msgspec.Struct):
    id: str


_decode_event = msgspec.json.Decoder(_Event).decode


def _event_id(body: bytes) -> str:
    try:
        found = _decode_event(body).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return found if found.startswith("evt_") and len(found) <= MAX_ID else ""
