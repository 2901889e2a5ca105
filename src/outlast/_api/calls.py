"""A call of a workflow that has not begun: what `wf(args)` gives."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from outlast._api.ambient import ambient_app
from outlast._api.pending import Pending
from outlast._api.where import current_execution
from outlast._engine.commands import ChildRequest
from outlast._engine.execution import Execution
from outlast._ids import digest
from outlast._registry.arguments import BoundArguments
from outlast._registry.definitions import WorkflowDefinition

R_co = TypeVar("R_co", covariant=True)


class Call(Pending[R_co]):
    """A workflow with its arguments, validated. Pass it to `start`, or await it.

    Awaited in a workflow it starts a child run and gives its result; awaited elsewhere it starts a run on
    the ambient app and gives its result. It is a coroutine to asyncio: `create_task`, `gather` and
    `TaskGroup` take it. Awaited once, or not at all.
    """

    __slots__ = ("arguments", "definition")

    def __init__(
        self, definition: WorkflowDefinition, arguments: BoundArguments, line: str | None
    ) -> None:
        super().__init__(current_execution(), f"workflow {definition.name!r}", line)
        self.definition = definition
        self.arguments = arguments

    @property
    def workflow(self) -> str:
        """The name of the workflow."""
        return self.definition.name

    def _ask(self) -> Awaitable[R_co]:
        execution = current_execution()
        if execution is None:
            return self._start_and_await()
        return execution.requests.start_child(child_request(self, execution), self.line)

    async def _start_and_await(self) -> R_co:
        run = await ambient_app(f"awaiting {self.workflow}(...)").start(self)
        outcome: R_co = await run.result()
        return outcome


def encode_call(call: Call[Any], encode: Callable[[object, str], bytes]) -> bytes:
    """The arguments as payload. Raises `EncodeError` or `PayloadTooLargeError`."""
    call.spend()
    args, kwargs = call.arguments
    return encode({"args": list(args), "kwargs": kwargs}, f"input of workflow {call.workflow!r}")


def child_request(call: Call[Any], execution: Execution, **options: Any) -> ChildRequest:
    """What a workflow's code asks for when it awaits or starts a call."""
    payload = encode_call(call, execution.encode)
    return ChildRequest(workflow=call.workflow, input=payload, digest=digest(payload), **options)
