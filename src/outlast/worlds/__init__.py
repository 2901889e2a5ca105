"""The worlds that come with Outlast, and choosing one by its URL."""

from outlast._clock import Clock
from outlast.errors import WorldError
from outlast.world import World
from outlast.worlds.memory import MemoryWorld


def world_from_url(url: str, clock: Clock) -> World:
    """The world that the URL names, not yet opened. Raises `WorldError` if it names none."""
    if url == "memory://":
        return MemoryWorld(clock)
    raise WorldError(url, "no world has such a URL")
