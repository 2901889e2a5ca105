"""The signs and colours of the command line: the terminal's own colours, so that they fit dark and light."""

from collections.abc import Mapping
from typing import Final

from outlast import RunStatus

SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "queued": ("○", "blue"),
    "running": ("●", "cyan"),
    "retrying": ("↻", "yellow"),
    "waiting": ("◦", "blue"),
    "completed": ("✓", "green"),
    "failed": ("✗", "red"),
    "cancelled": ("⊘", "yellow"),
}
"""The sign of a state on a timeline, and its colour."""

STATUS_SIGNS: Final[Mapping[RunStatus, tuple[str, str]]] = {
    RunStatus.PENDING: ("○", "dim"),
    RunStatus.RUNNING: ("●", "cyan"),
    RunStatus.SUSPENDED: ("◦", "blue"),
    RunStatus.BLOCKED: ("■", "magenta"),
    RunStatus.COMPLETED: ("✓", "green"),
    RunStatus.FAILED: ("✗", "red"),
    RunStatus.CANCELLED: ("⊘", "yellow"),
}
"""The sign of a run's status, and its colour."""
