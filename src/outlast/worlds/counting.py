"""How many runs fall into a stretch of time, where there may be too many to count them."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from outlast._clock import Micros
from outlast._model.runs import RunStatus
from outlast.world import Happened


class Ends(NamedTuple):
    """What was counted at both ends of a stretch: in all so many, and no more."""

    early: int
    """From its beginning on, up to half of that."""
    before: int
    """How many of these were before the last of them ..."""
    edge: Micros | None
    """... and when that was."""
    late: int
    """From its end back to that time, up to what is left."""
    late_edge: Micros | None


class Stretch(NamedTuple):
    """From (inclusive) to (exclusive)."""

    start: Micros
    stop: Micros


def how_many(stretch: Stretch, ends: Ends, most: int) -> int:
    """Exact below `most`, which were counted at both ends; from there on an estimate.

    What is between the two counted parts is taken to be as dense as these are on average. So a burst at one end is
    not taken for the whole, and one that nobody has looked at adds nothing.
    """
    if ends.early < (most + 1) // 2 or ends.edge is None or ends.late_edge is None:
        return ends.early
    counted = ends.before + ends.late
    if counted < most:
        return counted
    dense = ends.before / (ends.edge - stretch.start + 1)
    dense += ends.late / (stretch.stop - ends.late_edge)
    between = ends.late_edge - ends.edge
    return max(most, counted + round(between * dense / 2))


def happened(
    stretches: Iterable[Stretch], counted: Mapping[RunStatus | None, Iterable[Ends]], most: int
) -> tuple[Happened, ...]:
    """What happened in each of the stretches; what was started is counted under `None`."""
    started, completed, failed, cancelled = (
        [
            how_many(stretch, ends, most)
            for stretch, ends in zip(stretches, counted[one], strict=True)
        ]
        for one in (None, RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED)
    )
    numbers = zip(started, completed, failed, cancelled, strict=True)
    return tuple(
        [Happened(started=a, completed=b, failed=c, cancelled=d) for a, b, c, d in numbers]
    )
