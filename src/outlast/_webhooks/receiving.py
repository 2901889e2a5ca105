"""Taking requests to webhooks: finding the webhook, recording what has come, and waiting for the run's answer."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import msgspec

from outlast._api.chunks import value_of
from outlast._api.hook_records import has_expired
from outlast._api.hook_schemas import HookData, decode_data, fitting
from outlast._api.resuming import deliver, received_by
from outlast._api.settings import setting
from outlast._api.streaming import read_stream
from outlast._clock import SECOND
from outlast._codec import decode_event
from outlast._ids import new_secret
from outlast._model.events import HookReceived, RunCreated
from outlast._model.hooks import HookRecord
from outlast._registry.durations import duration, to_datetime
from outlast._runtime.runtime import Runtime
from outlast._webhooks.answering import answer_place, answer_stream
from outlast._webhooks.requests import UNRECORDED, Response, TypedRequest, WebhookRequest
from outlast._webhooks.row import WebhookRow, decode_row
from outlast._webhooks.tokens import read_token
from outlast._webhooks.verifying import verified
from outlast.errors import DecodeError, HookNotFoundError, RequestError
from outlast.world import StreamRead


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A live webhook."""

    record: HookRecord
    data: HookData
    row: WebhookRow

    @property
    def has_schema(self) -> bool:
        """Whether the body has to fit something."""
        return bool(self.data.schema)


def respond_within() -> float:
    """How many seconds a request waits for the run's answer. Raises `SettingsError`."""
    return duration(setting("respond_within")) / SECOND


async def find_webhook(runtime: Runtime, token: str) -> Found:
    """The live webhook that has the token.

    Raises `HookNotFoundError`, also for a hook that is none; and `RequestError` with the status 410 for what was a
    webhook: that is told to who has its token, not to who guesses one.
    """
    claimed = read_token(token)
    if claimed is None or not token.isprintable():
        raise HookNotFoundError(token)
    record = await runtime.world.listing.hook(token)
    if record is None:
        created = await runtime.world.log.read(claimed.run_id, limit=1)
        event = decode_event(created[0]).event if created else None
        if isinstance(event, RunCreated) and claimed.holds(event.secret):
            raise _over()
        raise HookNotFoundError(token)
    data = decode_data(record.data)
    if not data.webhook:
        raise HookNotFoundError(token)
    if has_expired(record, runtime.clock.now()):
        raise _over()
    return Found(record=record, data=data, row=decode_row(data.webhook))


async def check_request(runtime: Runtime, found: Found, request: WebhookRequest) -> str | None:
    """The key that the request stands for: of what has the same, one is delivered. Raises what verifiers raise."""
    named = key_of(request.headers)
    if (check := found.row.verify) is None:
        return named
    signed = await verified(check, request, to_datetime(runtime.clock.now()))
    if signed is not None:
        return f"{_SIGNED}{signed}"
    return None if named is None else f"{_VERIFIED}{named}"


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key that a sender gives who may send again."""
    return headers.get("webhook-id") or headers.get("idempotency-key")


def is_signed(key: str) -> bool:
    """Whether the key is made of what `verify` says of the request, and not of a header."""
    return key.startswith(_SIGNED)


def is_verified(key: str) -> bool:
    """Whether `verify` has taken what has the key: to name it is not enough to be told of what it has brought."""
    return key.startswith((_SIGNED, _VERIFIED))


async def take(
    runtime: Runtime, found: Found, request: WebhookRequest, payload: Any, key: str | None
) -> str:
    """Record what has come; `payload` is the body as JSON where there is a schema. Gives the place of the answer,
    empty where the run gives none.

    Raises `HookPayloadError`, `PayloadTooLargeError`, and `RequestError` if the webhook is over by now.
    """
    record, row = found.record, found.row
    fits = fitting(payload, found.data) if found.has_schema else None
    place = answer_place(record.run_id, record.ref, _delivery(key)) if row.manual else ""
    recorded = (
        fits if found.has_schema and not row.manual else _recorded(found, request, fits, place)
    )
    if await deliver(runtime, record, recorded, key):
        return place
    if key is None or await taken_with(runtime, record.token, key.__eq__) is None:
        raise _over()
    return place


async def taken_with(
    runtime: Runtime, token: str, is_meant: Callable[[str], object]
) -> HookReceived | None:
    """What a webhook, which may be over by now, has recorded with such a key. Whoever asks has the token, which has been
    found to be no guess."""
    claimed = read_token(token)
    if claimed is None:
        return None
    async with aclosing(received_by(runtime, claimed.run_id, claimed.ref)) as received:
        async for event in received:
            if event.key is not None and is_meant(event.key):
                return event
    return None


def place_of(runtime: Runtime, received: HookReceived) -> str:
    """The place of the answer to what was recorded; empty where the run gives none."""
    try:
        request = runtime.codec.decode(received.payload)
    except DecodeError:  # of a class that is not loaded here
        return ""
    return (request.answer or "") if isinstance(request, WebhookRequest) else ""


async def answer_to(runtime: Runtime, place: str, seconds: float) -> Response:
    """What the run answers. Raises `RequestError`: the time is over (504), or the run (502)."""
    run_id, name = answer_stream(place)
    request = StreamRead(run_id=run_id, name=name, start=0)
    read = partial(value_of, of=None, codec=runtime.codec)
    try:
        async with asyncio.timeout(seconds):
            async with aclosing(read_stream(runtime, request, read)) as answers:
                async for answer in answers:
                    return answer  # type: ignore[no-any-return]  # what `respond` has left
    except TimeoutError:
        raise RequestError("the run has not answered in time", status=504) from None
    raise RequestError("the run has ended without an answer", status=502)


def _recorded(found: Found, request: WebhookRequest, fits: Any, place: str) -> WebhookRequest:
    if not found.row.manual and UNRECORDED.isdisjoint(request.headers):
        return request
    fields = {name: getattr(request, name) for name in ("method", "query", "body")}
    fields["headers"] = {
        name: value for name, value in request.headers.items() if name not in UNRECORDED
    }
    fields["answer"] = place if found.row.manual else None
    if found.has_schema:
        return TypedRequest(payload=fits, **fields)
    return WebhookRequest(**fields)


_SIGNED: Final = "signed:"
_VERIFIED: Final = "verified:"


def _delivery(key: str | None) -> str:
    """The same for the same key: who sends again is given the answer of the first time."""
    if key is None:
        return new_secret()
    return hashlib.blake2b(key.encode(errors="surrogateescape"), digest_size=16).hexdigest()


def _over() -> RequestError:
    return RequestError(
        "this webhook takes nothing any more: it was closed, has expired, or its run is over",
        status=410,
    )
