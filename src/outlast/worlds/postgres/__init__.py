"""The world in PostgreSQL: durable, shared by any number of processes on any number of machines.

Needs the extra `outlast[postgres]`.
"""

from outlast.worlds.postgres.schema import PostgresSchema, schema_of
from outlast.worlds.postgres.world import PostgresWorld

__all__ = ["PostgresSchema", "PostgresWorld", "schema_of"]
