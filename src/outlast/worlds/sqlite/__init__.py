"""The default world: a SQLite file, shared by the processes of one machine.

One thread owns the connection that writes and another the one that reads; the event loop hands them
work and never waits for the disk. SQL is in `.sql` files only.
"""

from outlast.worlds.sqlite.schema import SqliteSchema
from outlast.worlds.sqlite.world import SqliteWorld

__all__ = ["SqliteSchema", "SqliteWorld"]
