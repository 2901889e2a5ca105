"""The world in memory: the readable reference, for tests and for trying things out.

Everything happens on the event loop, in one piece: a call is a transaction because nothing comes
between. Nothing is kept after the object is gone.
"""

from outlast.worlds.memory.world import MemoryWorld

__all__ = ["MemoryWorld"]
