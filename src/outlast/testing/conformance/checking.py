"""Checks, and the sections that they stand in."""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, TypeAlias

import msgspec

from outlast._clock import Clock
from outlast.testing.conformance.clock import SettableClock
from outlast.testing.conformance.scene import Scene
from outlast.world import World

Capability: TypeAlias = Literal["durable", "shared", "notices_death"]


class WorldFactory(Protocol):
    """Makes worlds for one check. All have the same storage, which is empty at first.

    A world that keeps its storage in the object, and so cannot be shared, gives the same object
    every time.
    """

    def __call__(self, clock: Clock) -> World:
        """A world object, not yet opened."""
        ...


class Check(msgspec.Struct, frozen=True):
    """One thing that every world does."""

    section: str
    name: str
    doc: str
    needs: Capability | None
    """The capability without which the check has no meaning."""
    body: Callable[[Scene], Awaitable[None]]

    @property
    def id(self) -> str:
        """Section and name: `claiming.highest_priority_first`."""
        return f"{self.section}.{self.name}"

    async def run(self, factory: WorldFactory) -> str | None:
        """Try it on an empty world. Gives the reason if the check does not apply to this world.

        Raises `AssertionError` if the world does otherwise than it should.
        """
        clock = SettableClock()
        world = factory(clock)
        if self.needs is not None and not getattr(world.capabilities, self.needs):
            return f"{self.id} needs a world that is declared {self.needs!r}"
        async with world.opened():
            await self.body(Scene(world, clock, factory))
        return None


class Section:
    """Checks about one concern."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.checks: list[Check] = []

    def check(
        self, *, needs: Capability | None = None
    ) -> Callable[[Callable[[Scene], Awaitable[None]]], Callable[[Scene], Awaitable[None]]]:
        """Add the decorated function as a check. Its docstring says what must be so."""

        def add(body: Callable[[Scene], Awaitable[None]]) -> Callable[[Scene], Awaitable[None]]:
            doc = (body.__doc__ or "").strip()
            self.checks.append(Check(self._name, body.__name__, doc, needs, body))
            return body

        return add
