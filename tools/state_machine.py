"""The page on what may become of a run, written from the table of transitions.

`python -m tools.reference` (`make docs`) writes it with the other generated pages.
"""

import ast
from itertools import pairwise
from pathlib import Path
from typing import Final

from outlast._model.runs import TERMINAL, RunStatus
from outlast._model.transitions import TRANSITIONS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "explanation" / "state-machine.md"

WHY: Final = {
    (RunStatus.PENDING, RunStatus.RUNNING): "a worker takes it",
    (
        RunStatus.RUNNING,
        RunStatus.RUNNING,
    ): "its worker died, or its lease ended, and another takes it",
    (RunStatus.RUNNING, RunStatus.PENDING): "its worker stops and hands it back",
    (RunStatus.RUNNING, RunStatus.SUSPENDED): "nothing runs in it, it only waits",
    (RunStatus.RUNNING, RunStatus.BLOCKED): "its code does not fit its log",
    (RunStatus.RUNNING, RunStatus.COMPLETED): "the workflow returned",
    (RunStatus.RUNNING, RunStatus.FAILED): "the workflow raised, or its workers kept dying",
    (RunStatus.RUNNING, RunStatus.CANCELLED): "the workflow let a cancellation through",
    (
        RunStatus.SUSPENDED,
        RunStatus.RUNNING,
    ): "its time has come, or something was put into its log",
    (RunStatus.BLOCKED, RunStatus.RUNNING): "it was woken, or a worker came with other code for it",
}
"""What leads from one status to another: one reason for each entry of the table, and no more."""

TEXT: Final = """\
# The states of a run

<!-- Written by `make docs` from `_model/transitions.py`; change that, or `tools/state_machine.py`. -->

A run has one of seven states. `await run.status()` gives it, as a `RunStatus`, which is a string.

```mermaid
stateDiagram-v2
    [*] --> pending
{arrows}
```

| state | meaning | may become |
|---|---|---|
{rows}

## What leads where

| from | to | when |
|---|---|---|
{reasons}

A run that is started in a process which also works is created as `running`, already taken by that process: that saves
a round trip. A cancellation is not a state but an event in the log: the run stays what it is until its code has
cleaned up. A retried step is none either: a run whose only step waits for its next attempt is `suspended`.

`completed`, `failed` and `cancelled` are final. Nothing is written to such a run, and its log is kept.
"""


def page() -> str:
    """The text of the page. Raises `ValueError` if a transition has no reason here, or none any more."""
    edges = [
        (before, after)
        for before in RunStatus
        for after in RunStatus
        if after in TRANSITIONS[before]
    ]
    if set(edges) != set(WHY):
        message = f"transitions without a reason, or reasons without one: {set(edges) ^ set(WHY)}"
        raise ValueError(message)
    arrows = [f"    {before} --> {after}" for before, after in edges]
    arrows += [f"    {status} --> [*]" for status in RunStatus if status in TERMINAL]
    meanings = _meanings()
    rows = [f"| `{one}` | {meanings[one.name]} | {_followers(one)} |" for one in RunStatus]
    reasons = [f"| `{before}` | `{after}` | {WHY[before, after]} |" for before, after in edges]
    return TEXT.format(arrows="\n".join(arrows), rows="\n".join(rows), reasons="\n".join(reasons))


def _followers(status: RunStatus) -> str:
    named = [f"`{one}`" for one in RunStatus if one in TRANSITIONS[status]]
    return ", ".join(named) or "nothing else"


def _meanings() -> dict[str, str]:
    """What the docstrings under the members of `RunStatus` say."""
    source = (ROOT / "src" / "outlast" / "_model" / "runs.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    body = next(
        node.body
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == "RunStatus"
    )
    meanings: dict[str, str] = {}
    for member, text in pairwise(body):
        match member, text:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(said))),
            ):
                meanings[name] = " ".join(said.split())
            case _:
                pass
    return meanings
