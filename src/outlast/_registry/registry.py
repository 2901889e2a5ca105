"""The definitions of this process, by name."""

import linecache
import sys
from collections.abc import Iterator
from typing import Final, TypeVar

from outlast._registry.definitions import StepDefinition, WorkflowDefinition
from outlast.errors import DuplicateNameError

AnyDefinition = TypeVar("AnyDefinition", StepDefinition, WorkflowDefinition)


class Registry:
    """Workflows and steps by name. A name stands for one place in the code.

    Defining the same place again (a module loaded a second time, a nested function made anew)
    replaces what was there.
    """

    def __init__(self) -> None:
        self._workflows: dict[str, WorkflowDefinition] = {}
        self._steps: dict[str, StepDefinition] = {}
        self._workflow_names: frozenset[str] = frozenset()
        self._dispatched: frozenset[str] = frozenset()
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often something was registered: what was made of the registry is good as long as this stays."""
        return self._changes

    @property
    def workflows(self) -> dict[str, WorkflowDefinition]:
        """The workflows by name. A copy."""
        return dict(self._workflows)

    @property
    def steps(self) -> dict[str, StepDefinition]:
        """The steps by name. A copy."""
        return dict(self._steps)

    def workflow_names(self) -> frozenset[str]:
        """The names of the workflows. Each claim asks, so they are kept."""
        return self._workflow_names

    def dispatched_steps(self) -> frozenset[str]:
        """The names of the steps that have a queue: those that other workers may ask for. Kept, too."""
        return self._dispatched

    def step(self, name: str) -> StepDefinition | None:
        """The step of that name."""
        return self._steps.get(name)

    def workflow(self, name: str) -> WorkflowDefinition | None:
        """The workflow of that name."""
        return self._workflows.get(name)

    def add_workflow(self, definition: WorkflowDefinition) -> None:
        """Register. Raises `DuplicateNameError` if another place has the name."""
        _add(self._workflows, definition, "workflow")
        self._changes += 1
        if definition.name not in self._workflow_names:
            self._workflow_names |= {definition.name}

    def add_step(self, definition: StepDefinition) -> None:
        """Register. Raises `DuplicateNameError` if another place has the name."""
        _add(self._steps, definition, "step")
        self._changes += 1
        if (definition.queue is not None) != (definition.name in self._dispatched):
            self._dispatched ^= {definition.name}

    def __iter__(self) -> Iterator[StepDefinition | WorkflowDefinition]:
        yield from self._workflows.values()
        yield from self._steps.values()


REGISTRY: Final = Registry()
"""What the decorators register with."""


def _add(known: dict[str, AnyDefinition], definition: AnyDefinition, kind: str) -> None:
    other = known.get(definition.name)
    if other is not None and other.place != definition.place and not _replaced(other):
        raise DuplicateNameError(kind, definition.name, str(other.place), str(definition.place))
    known[definition.name] = definition


def _replaced(other: StepDefinition | WorkflowDefinition) -> bool:
    """Whether a definition is not there any more: its module was loaded anew, its lines have moved in a
    reload, or it was typed at a prompt or in a notebook, where redefining is usual."""
    module = sys.modules.get(other.fn.__module__)
    if module is None or vars(module) is not other.fn.__globals__:
        return True
    if other.fn.__module__ == "__main__" and not hasattr(module, "__file__"):
        return True
    linecache.checkcache(other.place.file)
    lines = [linecache.getline(other.place.file, other.place.line + n) for n in range(20)]
    return any(lines) and f"def {other.fn.__name__}" not in "".join(lines)
