"""`hook`, in workflows; `resume`, outside of them."""

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar, get_args, overload

import msgspec

from outlast._api.ambient import ambient_app
from outlast._api.hook_schemas import (
    NO_SCHEMA,
    HookData,
    decode_data,
    encode_data,
    fitting,
    json_schema,
    type_name,
    typed,
)
from outlast._api.runs import Run
from outlast._api.where import current_execution, workflow_only
from outlast._clock import Micros
from outlast._codec import decode_event, encode_event
from outlast._engine.commands import OpenHook
from outlast._engine.execution import Execution
from outlast._engine.hooks import HookState
from outlast._engine.lines import calling_line
from outlast._ids import new_secret
from outlast._model.events import HookReceived, RunCreated
from outlast._model.hooks import HookRecord
from outlast._registry.durations import TimeLike, deadline, to_datetime
from outlast._runtime.runtime import Runtime
from outlast.errors import DefinitionError, HookNotFoundError, NotAllowedHereError
from outlast.records import HookInfo, HookPage, HookSort
from outlast.world import Created, Deliver, RunDraft

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_MAX_TOKEN: Final = 500
_TRIES: Final = 10
_ONCE: Final = "once"
"""The key of all deliveries to a hook that takes one payload: the first one gets it. Those of senders have a prefix."""

NO_PAYLOAD: Final[Any] = object()
"""No payload is given: `None` is one."""


class Hook(Generic[T_co]):
    """A point where the outside hands in payloads. Await it for the next one; iterate over it for all.

    What comes while nobody waits is kept, in order. It lives until `dispose()`, the end of its `async with`
    block, its expiry, or the end of the run.
    """

    def __init__(self, execution: Execution, state: HookState, schema: Any) -> None:
        self._execution, self._state, self._schema = execution, state, schema

    def __repr__(self) -> str:
        return f"<hook {self._state.command.ref}>"

    @property
    def token(self) -> str:
        """What addresses it: a secret, unless it was chosen. Steps that are called after the hook was made
        begin when it is recorded, so whom they tell the token can use it."""
        return self._state.command.token

    def __await__(self) -> Generator[Any, None, T_co]:
        return self._next().__await__()

    def __aiter__(self) -> AsyncIterator[T_co]:
        return self._all()

    async def __aenter__(self) -> Self:
        await self._state.decision()
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Receive nothing any more, and free the token. What was received and not taken is dropped. Idempotent."""
        self._execution.hooks.dispose(self._state)

    async def conflict(self) -> Run[Any] | None:
        """Wait until the hook is recorded, and give `None`; or the run whose live hook has the token."""
        owner = await self._state.decision()
        return None if owner is None else Run(owner, lambda: ambient_app("Run").runtime)

    async def _next(self) -> T_co:
        payload = await self._state.receive()
        if payload is None:
            raise NotAllowedHereError(
                f"{self!r}", "after it was disposed of", "Make another one: hook(...)."
            )
        value: T_co = self._value(payload)
        return value

    async def _all(self) -> AsyncIterator[T_co]:
        while (payload := await self._state.receive()) is not None:
            yield self._value(payload)

    def _value(self, payload: msgspec.Raw) -> Any:
        value = self._execution.decode(payload)
        return value if self._schema is None else typed(value, self._schema)


@overload
def hook(
    schema: type[T],
    *,
    token: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    expires: TimeLike | None = None,
    once: bool = False,
) -> Hook[T]: ...
@overload
def hook(
    schema: Any = None,
    *,
    token: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    expires: TimeLike | None = None,
    once: bool = False,
) -> Hook[Any]: ...
def hook(
    schema: Any = None,
    *,
    token: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    expires: TimeLike | None = None,
    once: bool = False,
) -> Hook[Any]:
    """Open a point in a workflow where the outside hands in payloads: `resume(h.token, payload)`.

    Await it for one payload, iterate over it with `async for` for all of them. Which of a payload, a sleep, a
    timeout or a step was first is recorded, and the same at each replay.

    Args:
        schema: Any type that pydantic can validate. Payloads are checked before they are recorded, and arrive
            as this type. Without it anything that can be stored arrives as it is.
        token: What addresses it, if others must be able to know it: `f"order:{order.id}"`. Of all live hooks
            one has it; awaiting another one raises `HookConflictError`. By default a secret that cannot be guessed.
        metadata: JSON values by name, for those who look at the hook from outside.
        expires: When it stops to receive: seconds, a text, a `timedelta`, or an aware `datetime`.
        once: It takes one payload. Of several answers at the same time one counts, and the others are told that there
            is no such hook (any more), as is everybody who comes later.

    Raises:
        NotAllowedHereError: This is not workflow code.
        InvalidDurationError: `expires` is no time.
        EncodeError: The metadata cannot be stored.
        DefinitionError: The type has no JSON Schema.
        ValueError: The token is not 1 to 500 printable characters.

    Awaiting it raises:
        HookConflictError: Another live hook has the token.
        HookExpiredError: It has expired, and all that it had received was taken.
        HookPayloadError: What came with the start of the run does not fit the schema.
    """
    execution = workflow_only("hook()")
    data = msgspec.structs.replace(hook_data(execution, schema, metadata), once=once)
    chosen = None if token is None else checked_token(token)
    ref = execution.hooks.next_ref("hook")
    command = OpenHook(
        ref=ref,
        line=calling_line(),
        token=execution.hooks.token(ref, "hook()") if chosen is None else chosen,
        chosen=chosen is not None,
        expires_at=None if expires is None else deadline(expires, execution.now()),
        data=encode_data(data),
    )
    return Hook(execution, execution.hooks.ask(command), schema)


def hook_data(execution: Execution, schema: Any, metadata: Mapping[str, Any] | None) -> HookData:
    """What the row of a hook says. Raises `EncodeError` and `DefinitionError`."""
    given: Any = metadata
    if given is not None and not isinstance(given, Mapping):
        reason = f"metadata={metadata!r} cannot be used"
        raise DefinitionError("hook()", reason, hint="Give a dict: metadata={'order': 7}.")
    return HookData(
        schema=NO_SCHEMA if schema is None else msgspec.Raw(json_schema(schema)),
        type="" if schema is None else type_name(schema),
        metadata=NO_SCHEMA
        if metadata is None
        else msgspec.Raw(execution.encode(dict(metadata), "metadata of the hook")),
    )


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
        found = await _live(runtime, token)
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


async def find_hook(runtime: Runtime, token: str) -> HookInfo:
    """The live hook that has the token. Raises `HookNotFoundError`."""
    return hook_info(await _live(runtime, token))


async def find_hooks(
    runtime: Runtime, run_id: str | None, limit: int, cursor: str | None, sort: HookSort
) -> HookPage:
    """A page of the hooks."""
    if sort not in get_args(HookSort):
        message = f"sort = {sort!r}: it is {' or '.join(get_args(HookSort))}"
        raise ValueError(message)
    if not 1 <= limit <= 1_000:
        message = f"limit = {limit!r}: it is 1 to 1,000"
        raise ValueError(message)
    page = await runtime.world.listing.hooks(
        run_id, limit=limit, cursor=cursor, oldest_first=sort == "created"
    )
    return HookPage(hooks=tuple(hook_info(one) for one in page.hooks), cursor=page.cursor)


def hook_info(record: HookRecord) -> HookInfo:
    """The public record of a row."""
    data = decode_data(record.data)
    return HookInfo(
        token=record.token,
        run_id=record.run_id,
        id=record.ref,
        kind=record.kind,
        schema=_json(data.schema),
        metadata=_json(data.metadata) or {},
        url=data.url or None,
        created_at=to_datetime(record.created_at),
        expires_at=None if record.expires_at is None else to_datetime(record.expires_at),
    )


def checked_token(token: str) -> str:
    """The token. Raises `ValueError` if it is not 1 to 500 printable characters."""
    return checked_text(token, "token of a hook")


def checked_text(text: str, what: str) -> str:
    """The text. Raises `ValueError` if it is not 1 to 500 printable characters."""
    if not _is_text(text):
        message = f"{text!r} cannot be the {what}: it is 1 to {_MAX_TOKEN} printable characters"
        raise ValueError(message)
    return text


async def _live(runtime: Runtime, token: str) -> HookRecord:
    found = await runtime.world.listing.hook(token) if _is_text(token) else None
    if found is None or has_expired(found, runtime.clock.now()):
        raise HookNotFoundError(token)
    return found


def has_expired(record: HookRecord, now: Micros) -> bool:
    """Whether nothing is delivered to a hook any more."""
    return record.expires_at is not None and record.expires_at <= now


def _is_text(text: Any) -> bool:
    return isinstance(text, str) and 1 <= len(text) <= _MAX_TOKEN and text.isprintable()


def _json(payload: msgspec.Raw) -> Any:
    return msgspec.json.decode(payload) if payload else None
