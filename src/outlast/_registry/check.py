"""The static determinism check: what in a workflow would be done again, or differently, on replay.

It reads the workflow's bytecode and source, and those of the user's plain functions that it calls, as
far as names lead. It runs nothing of them, imports nothing, and does not raise: what it cannot know it
leaves to the lens and the audit hook.
"""

from collections import deque
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Final

from outlast._registry.check_awaits import await_findings
from outlast._registry.check_elsewhere import named_for_elsewhere
from outlast._registry.check_finding import Finding
from outlast._registry.check_names import Write, all_codes, names_used
from outlast._registry.check_origin import claim
from outlast._registry.check_table import GLOBALS
from outlast._registry.check_uses import Helper, Judge, Reach
from outlast._registry.check_values import PATH_METHODS, value_findings

MAX_FUNCTIONS: Final = 500
"""So many functions are read for one workflow."""


def check_workflow(fn: Callable[..., object], *, warnings: bool = False) -> tuple[Finding, ...]:
    """What is wrong with a workflow function and its helpers, in order of file and line.

    Errors are side effects. With `warnings` there are also calls that nobody awaits, as errors too, and
    what can make a replay differ: sets that are iterated, globals that are written, time that is read past
    the lens.
    """
    if not isinstance(fn, FunctionType):
        return ()
    claim(fn)
    worst: dict[tuple[str, int, int, str], Finding] = {}
    for finding in _Check(warnings=warnings).read_all(fn):
        place = (finding.file, finding.line, finding.column, finding.name)
        if place not in worst or finding.severity == "error":
            worst[place] = finding
    return tuple(
        worst[place] for place in sorted(worst) if warnings or worst[place].severity == "error"
    )


class _Check:
    """The functions that are still to be read, and those that have been."""

    def __init__(self, *, warnings: bool) -> None:
        self._warnings = warnings
        self._waiting: deque[Helper] = deque()
        self._known: set[tuple[CodeType, Reach]] = set()

    def read_all(self, workflow: FunctionType) -> Iterator[Finding]:
        self._take_up(Helper(workflow, "lensed"))
        for _ in range(MAX_FUNCTIONS):
            if not self._waiting:
                return
            yield from self._read(self._waiting.popleft())

    def _take_up(self, helper: Helper) -> None:
        key = (helper.function.__code__, helper.reach)
        if key not in self._known:
            self._known.add(key)
            self._waiting.append(helper)

    def _read(self, helper: Helper) -> Iterator[Finding]:
        function, reach = helper
        words = {name for code in all_codes(function.__code__) for name in code.co_names}
        judge = Judge(helper, words)
        elsewhere = named_for_elsewhere(function)
        for use in names_used(function):
            if isinstance(use, Write):
                yield _written(function, use)
                continue
            if use.position in elsewhere:
                continue
            for result in judge.judge(use):
                if isinstance(result, Finding):
                    yield result
                else:
                    self._take_up(result)
        # Sources are read where they can matter: the only errors that they show are about paths.
        if self._warnings or words & PATH_METHODS:
            yield from value_findings(function, guessed=reach == "guessed")
        if self._warnings:
            yield from await_findings(function, guessed=reach == "guessed")


def _written(function: FunctionType, write: Write) -> Finding:
    line, column = write.position
    return Finding(
        file=function.__code__.co_filename,
        line=line,
        column=column,
        name=f"global {write.name}",
        message=GLOBALS,
        severity="warning",
    )
