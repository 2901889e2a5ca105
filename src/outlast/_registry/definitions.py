"""What a workflow and a step are, to the rest of the library."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType
from typing import Any

from outlast._registry.arguments import Arguments
from outlast._registry.names import Place
from outlast._registry.policy import StepPolicy


@dataclass(frozen=True, kw_only=True)
class StepDefinition:
    """A registered step."""

    name: str
    fn: Callable[..., Any]
    """The user's function, `async def` or `def`."""
    is_async: bool
    policy: StepPolicy
    place: Place

    @property
    def queue(self) -> str | None:
        """The queue of the workers that make its attempts; `None`: the worker that has the run."""
        return self.policy.queue

    @cached_property
    def accept(self) -> Callable[..., None]:
        """Does nothing, and takes what the function takes. Raises Python's own `TypeError` for other arguments."""
        return _taker(self.fn)


@dataclass(frozen=True, kw_only=True)
class WorkflowDefinition:
    """A registered workflow."""

    name: str
    fn: Callable[..., Coroutine[Any, Any, Any]]
    """The user's `async def` function."""
    place: Place

    @cached_property
    def arguments(self) -> Arguments:
        """Validates calls. Made at the first call, when all annotations can be resolved."""
        return Arguments(self.name, self.fn)


def _taker(fn: Any) -> Callable[..., None]:
    """An empty function with the parameters of another one: a call of it costs less than a look at a signature."""

    def take() -> None: ...

    code, empty = fn.__code__, take.__code__
    rest = code.co_flags & (CO_VARARGS | CO_VARKEYWORDS)
    parameters = code.co_argcount + code.co_kwonlyargcount + rest.bit_count()
    taking = empty.replace(
        co_argcount=code.co_argcount,
        co_posonlyargcount=code.co_posonlyargcount,
        co_kwonlyargcount=code.co_kwonlyargcount,
        co_nlocals=parameters,
        co_varnames=code.co_varnames[:parameters],
        co_flags=empty.co_flags | rest,
    )
    taker = FunctionType(taking, {}, fn.__name__, fn.__defaults__)
    taker.__kwdefaults__ = fn.__kwdefaults__
    return taker
