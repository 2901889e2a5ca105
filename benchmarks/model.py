"""The words of the benchmarks: a workload, its figures, and where it is measured."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

import msgspec

WorldName: TypeAlias = Literal["sqlite", "postgres"]
WORLDS: Final[dict[WorldName, str]] = {"sqlite": "SQLite", "postgres": "PostgreSQL"}
"""The worlds that are measured, as people call them."""

Measured: TypeAlias = dict[str, float]
"""What one measurement gave: key -> number, in the unit of the figure."""


class WrongResultError(Exception):
    """The library did something else than it was asked: a lost run, a wrong count."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how a workload is measured once, in a process of its own."""

    url: str
    """A world that does not exist yet: a file, or a schema of a server."""
    folder: Path
    """A folder of its own, on the disk."""
    quick: bool
    """The small form: to see that it works, and roughly where it stands."""

    def pick(self, full: int, quick: int) -> int:
        """The size of the form that is asked for."""
        return quick if self.quick else full


class Limit(msgspec.Struct, frozen=True):
    """The best that this machine could do at it, from the limits measured in the same process."""

    what: str
    of: Callable[[Mapping[str, float]], float]
    """From the limits and the figures of a measurement, in the figure's unit."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a workload."""

    key: str
    what: str
    unit: str
    better: Literal["less", "more"] = "less"
    target: float | None = None
    """What it has to reach. Its meaning with `per_limit`: so many times the limit."""
    per_limit: bool = False
    limit: Limit | None = None

    def reaches(self, value: float, limit: float | None) -> bool | None:
        """Whether the target is reached, `None` if there is none."""
        if self.target is None:
            return None
        goal = self.target * (limit or 0.0) if self.per_limit else self.target
        return value <= goal if self.better == "less" else value >= goal


class Workload(msgspec.Struct, frozen=True, kw_only=True):
    """Something to measure."""

    name: str
    title: str
    world: WorldName = "sqlite"
    measure: Callable[[Place], Measured]
    """Raises `WrongResultError` if what came out is wrong, however fast."""
    figures: tuple[Figure, ...]
    bound: float = 120
    """Seconds after which a measurement is given up."""
