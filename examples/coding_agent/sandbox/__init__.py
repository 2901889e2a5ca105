"""Where the code of the agent runs: a small contract, and bubblewrap behind it."""

from examples.coding_agent.sandbox.bubblewrap import BubblewrapSandboxes
from examples.coding_agent.sandbox.limits import Limits
from examples.coding_agent.sandbox.protocol import (
    FileInfo,
    Finished,
    LimitExceededError,
    PathRefusedError,
    Progress,
    Sandbox,
    SandboxError,
    Sandboxes,
    SandboxMissingError,
    SandboxUnavailableError,
)

__all__ = [
    "BubblewrapSandboxes",
    "FileInfo",
    "Finished",
    "LimitExceededError",
    "Limits",
    "PathRefusedError",
    "Progress",
    "Sandbox",
    "SandboxError",
    "SandboxMissingError",
    "SandboxUnavailableError",
    "Sandboxes",
]
