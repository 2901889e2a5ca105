"""What a workflow and a step are, to the rest of the library."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import cached_property
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
