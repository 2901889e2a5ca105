"""Refusing workflows with side effects where they are defined, or for once letting them pass."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from outlast._registry.check import check_workflow
from outlast.errors import SideEffectError

_TOLERANT: Final = ContextVar("tolerant", default=False)


def refuse_side_effects(name: str, fn: Callable[..., Any]) -> None:
    """Raise `SideEffectError`, with every place, if the workflow has side effects."""
    if _TOLERANT.get():
        return
    findings = [found for found in check_workflow(fn) if found.severity == "error"]
    if findings:
        raise SideEffectError(name, [str(found) for found in findings])


@contextmanager
def side_effects_tolerated() -> Generator[None]:
    """Let workflows with side effects be defined: for tools that want the findings of all workflows
    of a module, and not only those of the first. Such a workflow must not be run."""
    token = _TOLERANT.set(True)
    try:
        yield
    finally:
        _TOLERANT.reset(token)
