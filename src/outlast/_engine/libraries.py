"""Libraries whose work in a workflow has a way of its own: what to do instead depends on who did it."""

import sys
from types import FrameType
from typing import Final

AGENTS: Final = (
    "Give the agent the capability Durable() of outlast.agents: its requests and its tools are steps then. "
    "If it has it, this is in its instructions, a validator, an output function or the like, "
    "which are workflow code: do it in a step that they call."
)


def instead_by_caller(instead: str) -> str:
    """What to do instead of what the current code does, whoever it does it for.

    An agent of Pydantic AI that is not durable is told how to become so. One that is, whose own code went wrong,
    is told what all code is told, if that can be seen: not where the framework calls the code in a task of its own.
    """
    frame: FrameType | None = sys._getframe(1)
    found = False
    while frame is not None and frame.f_code.co_name != _TURN:
        module = frame.f_globals.get("__name__")
        if isinstance(module, str):
            if module.startswith(_DURABLE):
                return instead
            found = found or module.startswith(_AGENTS)
        frame = frame.f_back
    return AGENTS if found else instead


_TURN: Final = "_run_ready"
"""The frame of the workflow's loop: below it is the host."""
_AGENTS: Final = "pydantic_ai."
_DURABLE: Final = ("outlast.agents.", "pydantic_ai.durable_exec.")
