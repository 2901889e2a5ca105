"""`@workflow`."""

import inspect
from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar, overload

from outlast._api.calls import Call
from outlast._api.steps import check_no_self
from outlast._api.tolerance import refuse_side_effects
from outlast._engine.lines import calling_line
from outlast._registry.definitions import WorkflowDefinition
from outlast._registry.names import checked_name, definition_place
from outlast._registry.registry import REGISTRY
from outlast.errors import DefinitionError

P = ParamSpec("P")
R = TypeVar("R")


class Workflow(Generic[P, R]):
    """A durable orchestration, made by `@workflow`. Calling it gives a `Call`."""

    def __init__(
        self, definition: WorkflowDefinition, fn: Callable[P, Coroutine[Any, Any, R]]
    ) -> None:
        self.__outlast_definition__ = definition
        self.fn = fn
        """The plain function."""
        update_wrapper(self, fn)

    @property
    def name(self) -> str:
        """The name under which its runs are recorded."""
        return self.__outlast_definition__.name

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[R]:
        """The call, its arguments validated and coerced. Nothing begins yet.

        Raises:
            InvalidArgumentsError: The arguments do not fit the signature.
        """
        definition = self.__outlast_definition__
        return Call(definition, definition.arguments.bind(args, kwargs), calling_line())

    def __repr__(self) -> str:
        return f"<workflow {self.name}>"


class WorkflowDecorator:
    """What `@workflow(...)` gives."""

    def __init__(self, name: str | None) -> None:
        self._name = name

    def __call__(self, fn: Callable[P, Coroutine[Any, Any, R]], /) -> Workflow[P, R]:
        """Define the workflow."""
        plain = fn.__func__ if isinstance(fn, staticmethod) else fn
        _check_function(plain)
        name = checked_name(self._name, plain)
        refuse_side_effects(name, plain)
        definition = WorkflowDefinition(name=name, fn=plain, place=definition_place(plain))
        REGISTRY.add_workflow(definition)
        return Workflow(definition, plain)


@overload
def workflow(fn: Callable[P, Coroutine[Any, Any, R]], /) -> Workflow[P, R]: ...


@overload
def workflow(*, name: str | None = None) -> WorkflowDecorator: ...


def workflow(
    fn: Callable[P, Coroutine[Any, Any, R]] | None = None, /, *, name: str | None = None
) -> Workflow[P, R] | WorkflowDecorator:
    """Make an `async def` function a workflow: the orchestration of steps, waits and children.

    Its code is run again from its start whenever a run goes on after a crash or a long wait, over
    the recorded outcomes, so it must do the same each time. Files, sockets, clients and the like belong
    into steps; the time, chance and ids are the run's own.

    Args:
        fn: The function.
        name: What its runs are recorded as; the qualified name by default.

    Raises:
        DefinitionError: The function cannot be a workflow.
        SideEffectError: It has side effects; each is named with its line.
        DuplicateNameError: Another workflow has the name.
    """
    decorator = WorkflowDecorator(name)
    return decorator if fn is None else decorator(fn)


def _check_function(fn: Any) -> None:
    name = getattr(fn, "__qualname__", repr(fn))
    if inspect.iscoroutinefunction(fn) and inspect.isfunction(fn):
        check_no_self(fn)
        return
    if inspect.isasyncgenfunction(fn):
        hint = "Return the values, or stream them from a step."
        raise DefinitionError(name, "an async generator cannot be a workflow", hint=hint)
    raise DefinitionError(
        name,
        "a workflow must be an `async def` function",
        hint="Write `async def`: a workflow awaits its steps, so that it can stop at each of them "
        "and go on later. Work that does not await anything belongs into a step.",
    )
