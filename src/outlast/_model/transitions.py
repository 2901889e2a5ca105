"""What may become of a run: the one table that every world and the runtime obey."""

from typing import Final

from outlast._model.runs import TERMINAL, RunStatus

TRANSITIONS: Final[dict[RunStatus, frozenset[RunStatus]]] = {
    RunStatus.PENDING: frozenset({RunStatus.RUNNING}),
    RunStatus.RUNNING: frozenset(
        {
            RunStatus.RUNNING,
            RunStatus.PENDING,
            RunStatus.SUSPENDED,
            RunStatus.BLOCKED,
            RunStatus.COMPLETED,
            RunStatus.FAILED,
            RunStatus.CANCELLED,
        }
    ),
    RunStatus.SUSPENDED: frozenset({RunStatus.RUNNING}),
    RunStatus.BLOCKED: frozenset({RunStatus.RUNNING}),
    **{status: frozenset() for status in sorted(TERMINAL)},
}
"""From each status, those that it may be followed by. A run is claimed out of `pending`,
`suspended` and `blocked` alike; from `running` it is claimed again when its lease has ended."""
