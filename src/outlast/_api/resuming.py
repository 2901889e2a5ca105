"""`resume`, and a start with a payload: handing payloads in from outside, durably and once."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import msgspec

from outlast._api.ambient import ambient_app
from outlast._api.hook_records import has_expired, live_hook
from outlast._api.hook_schemas import decode_data, fitting
from outlast._api.tokens import checked_text
from outlast._api.where import current_execution
from outlast._codec import decode_event, encode_event
from outlast._ids import new_secret
from outlast._model.events import HookReceived, RunCreated
from outlast._model.hooks import HookRecord
from outlast._runtime.runtime import Runtime
from outlast.errors import HookNotFoundError, NotAllowedHereError
from outlast.world import Created, Deliver, RunDraft

_TRIES: Final = 10
_ONCE: Final = "once"
"""The key of all deliveries to a hook that takes one payload: the first one gets it. Those of senders have a prefix."""

NO_PAYLOAD: Final[Any] = object()
"""No payload is given: `None` is one."""


async def resume(token: str, payload: Any = None, *, key: str | None = None) -> str:
    """Hand a payload to the live hook that has the token. Durable on return: it is in the log of the run,
    and will be delivered exactly once. Gives the id of the run.

    Args:
        token: The hook's token.
        payload: JSON values, or what the schema's type makes JSON of; without a schema anything that can be stored.
        key: Stands for this payload: what comes to the hook with the same key again is delivered once.

    Raises:
        HookNotFoundError: No live hook has the token, or the one that has it takes one payload and has it.
        HookPayloadError: The payload does not fit the schema. Nothing was resumed.
        EncodeError: The payload cannot be stored. Nothing was resumed.
        PayloadTooLargeError: The payload is too large. Nothing was resumed.
        NotAllowedHereError: This is workflow code: it would be done again at every replay.
        NoAppError: No app is open.
    """
    if current_execution() is not None:
        raise NotAllowedHereError(
            "resume()", "in a workflow", "Call it in a step: @step async def answer(...): ..."
        )
    return await resume_on(ambient_app("resume()").runtime, token, payload, key)


async def resume_on(runtime: Runtime, token: str, payload: Any, key: str | None) -> str:
    """The same, on an app."""
    if key is not None:
        checked_text(key, "key")
    for _ in range(_TRIES):
        found = await live_hook(runtime, token)
        data = decode_data(found.data)
        if await deliver(runtime, found, fitting(payload, data), key, once=data.once):
            return found.run_id
        if data.once:
            break
        # By now the token is another hook's, or nobody's.
    raise HookNotFoundError(token)


async def deliver(
    runtime: Runtime, found: HookRecord, fits: object, key: str | None, *, once: bool = False
) -> bool:
    """Put a payload into the log of the run, unless one with the key is there. False if the hook is not live any more,
    or takes one payload (`once`) and has another one.

    Raises `EncodeError` and `PayloadTooLargeError`.
    """
    data = runtime.codec.encode(fits, what="payload")
    # A commit whose answer is lost is tried again, and must not deliver twice.
    own = new_secret() if key is None else key
    resuming = runtime.observers.resuming(found.run_id, found.ref)
    event = HookReceived(
        payload=msgspec.Raw(data),
        id=found.ref,
        token="" if found.ref else found.token,
        key=own if once else key,
        trace=resuming.trace,
    )
    delivery = Deliver(
        token=found.token,
        run_id=found.run_id,
        ref=found.ref,
        event=encode_event(event),
        key=_ONCE if once else own if key is None else f"key:{key}",
    )
    try:
        answer = await runtime.deliveries.deliver(delivery)
        duplicate = answer.duplicate and (not once or await _is_taken_with(runtime, found, own))
    except BaseException:
        resuming.end("failed")
        raise
    received = answer.position is not None or duplicate
    resuming.end("received" if received else "gone")
    return received


async def _is_taken_with(runtime: Runtime, found: HookRecord, key: str) -> bool:
    """Whether what the hook has taken is what was sent with this key: by an earlier try, whose answer was lost."""
    async with aclosing(received_by(runtime, found.run_id, found.ref)) as received:
        async for event in received:
            return event.key == key
    return False


async def received_by(runtime: Runtime, run_id: str, ref: str) -> AsyncGenerator[HookReceived]:
    """What a hook has taken, in order, from the log of its run; also when it is over."""
    after = 0
    while log := await runtime.world.log.read(run_id, after=after):
        for stored in log:
            event = decode_event(stored).event if stored.kind == "hook_received" else None
            if isinstance(event, HookReceived) and event.id == ref:
                yield event
        after = log[-1].position + 1


async def create_with_payload(
    runtime: Runtime, draft: RunDraft, created: RunCreated, payload: Any
) -> Created:
    """Create a run together with a payload for the token of the draft. The payload fits the hook that has the token now,
    if there is one; of others nobody knows yet what they want.

    Raises `HookPayloadError`, `EncodeError` and `PayloadTooLargeError`; and `HookNotFoundError`, if that hook takes one
    payload and has another one.
    """
    token = draft.token or ""
    found = await runtime.world.listing.hook(token)
    if found is not None and not has_expired(found, runtime.clock.now()):
        data = decode_data(found.data)
        payload = fitting(payload, data)
        if data.once:
            key = draft.idempotency_key or draft.id
            if not await deliver(runtime, found, payload, key, once=True):
                raise HookNotFoundError(token)
            return Created(found.run_id, new=False)
    encoded = runtime.codec.encode(payload, what="payload")
    place = (draft.id, "") if found is None else (found.run_id, found.ref)
    resuming = runtime.observers.resuming(*place)
    received = HookReceived(payload=msgspec.Raw(encoded), token=token, trace=resuming.trace)
    draft = msgspec.structs.replace(draft, delivery=encode_event(received))
    try:
        answer = await runtime.create(draft, created)
    except BaseException:
        resuming.end("failed")
        raise
    existed = not answer.new and answer.run_id == draft.id
    resuming.end("gone" if existed else "received", answer.run_id)
    return answer
