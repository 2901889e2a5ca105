"""`hook`: a point in a workflow where the outside hands in payloads."""

from collections.abc import AsyncIterator, Generator, Mapping
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

import msgspec

from outlast._api.ambient import ambient_app
from outlast._api.hook_schemas import (
    NO_SCHEMA,
    HookData,
    encode_data,
    json_schema,
    type_name,
    typed,
)
from outlast._api.runs import Run
from outlast._api.tokens import checked_token
from outlast._api.where import workflow_only
from outlast._engine.commands import OpenHook
from outlast._engine.execution import Execution
from outlast._engine.hooks import HookState
from outlast._engine.lines import calling_line
from outlast._registry.durations import TimeLike, deadline
from outlast.errors import DefinitionError, NotAllowedHereError

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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
