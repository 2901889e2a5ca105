"""How the steps of an agent are attempted, and where its tools run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any, Final, Literal, TypeAlias, cast

from pydantic_ai.exceptions import UserError
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import ToolsetTool
from pydantic_ai.toolsets.function import FunctionToolsetTool

Delay: TypeAlias = float | str | timedelta
Backoff: TypeAlias = Delay | Sequence[Delay] | Callable[[int, BaseException], Delay]

KEY: Final = "outlast"
"""Under which the metadata of a tool says how it runs."""


@dataclass(frozen=True, kw_only=True)
class StepOptions:
    """How steps are attempted: the options of `@step` that an agent's steps can have.

    Which errors are retried is not among them: `Durable` knows those of model providers.
    """

    retries: int = 3
    """Attempts after the first one."""
    backoff: Backoff = "1s"
    """The delay before the next attempt, as in `@step`. What a provider asks for with `retry-after` counts more, up
    to a week."""
    timeout: Delay | None = None
    """How long one attempt may take."""


def tool_step(
    *, retries: int | None = None, backoff: Backoff | None = None, timeout: Delay | None = None
) -> dict[str, Any]:
    """The metadata of a tool whose steps are attempted in a way of their own.

        @agent.tool_plain(metadata=tool_step(retries=0, timeout="30s"))
        async def pay(amount: int) -> str: ...

    What is not given is as in `Durable(tool_step=...)`.
    """
    given = {"retries": retries, "backoff": backoff, "timeout": timeout}
    return {KEY: {name: value for name, value in given.items() if value is not None}}


def in_workflow() -> dict[str, Any]:
    """The metadata of a tool that is workflow code: it may sleep, await hooks, start children and call steps.

        @agent.tool_plain(metadata=in_workflow())
        async def remind(after: str, text: str) -> str:
            await sleep(after)
            return await send(text)  # a step

    The tool is an `async def` function and keeps the rules of workflow code: it is executed again at each replay.
    """
    return {KEY: False}


def runs_in_workflow(tool: ToolDefinition) -> bool:
    """Whether the tool is workflow code."""
    return (tool.metadata or {}).get(KEY) is False


def options_of_tool(
    base: StepOptions, tool: ToolsetTool[Any] | None, name: str
) -> StepOptions | Literal[False]:
    """How a tool runs: its step's options, or `False` if it runs in the workflow.

    Raises:
        UserError: The tool's metadata say something else, or a `def` function is to run in the workflow.
    """
    mark: object = None if tool is None else (tool.tool_def.metadata or {}).get(KEY)
    if mark is None:
        return base
    if mark is False:
        _check_async(tool, name)
        return False
    if not isinstance(mark, dict) or not mark.keys() <= _NAMES:
        message = (
            f"the metadata {KEY!r} of tool {name!r} cannot be used: {mark!r}; "
            "make it with tool_step(...) or in_workflow()"
        )
        raise UserError(message)
    return replace(base, **cast("dict[str, Any]", mark))


_NAMES: Final = {field.name for field in fields(StepOptions)}


def _check_async(tool: ToolsetTool[Any] | None, name: str) -> None:
    if isinstance(tool, FunctionToolsetTool) and not tool.is_async:
        message = (
            f"tool {name!r} is to run in the workflow, but is no async def function: "
            "a def function would run in a thread, which cannot be replayed"
        )
        raise UserError(message)
