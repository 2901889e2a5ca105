"""Connecting to the server, and checking that it will do."""

from typing import TypeAlias

import asyncpg

from outlast.worlds.postgres.address import Address
from outlast.worlds.postgres.faults import FAULTS, refused, too_old, wrong_encoding
from outlast.worlds.postgres.queries import queries

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

OLDEST = 14
"""The oldest release of PostgreSQL that has what the SQL needs: its bodies of functions, and more."""

CONNECT_WITHIN = 10.0
"""Seconds, where the URL says nothing else."""
ANSWER_WITHIN = 20.0
"""Seconds after which a statement is given up, and its connection with it: less than a lease, so that a worker
whose network swallows what it sends finds out while it holds its runs."""
PATIENTLY = 3_600.0
"""The same for what may take long: migrations, and deleting many large logs."""

_STATEMENTS = 100


async def connect(address: Address) -> Connection:
    """A connection to a server that will do.

    Raises `WorldError` and its subclasses.
    """
    try:
        connection: Connection = await asyncpg.connect(
            address.dsn,
            timeout=address.connect_within or CONNECT_WITHIN,
            command_timeout=ANSWER_WITHIN,
            # With a pooler, the next transaction may meet a server that has never seen the statement.
            statement_cache_size=0 if address.pooled else _STATEMENTS,
            max_cached_statement_lifetime=0,
        )
    except (*FAULTS, ValueError) as error:
        raise refused(address.url, error) from error
    try:
        _check(connection, address)
        if not address.pooled:
            await connection.execute(queries(address.quoted)["settle"])
    except FAULTS as error:
        connection.terminate()
        raise refused(address.url, error) from error
    except BaseException:
        connection.terminate()
        raise
    return connection


def _check(connection: Connection, address: Address) -> None:
    version = connection.get_server_version()
    if version.major < OLDEST:
        raise too_old(address.url, f"{version.major}.{version.minor}", OLDEST)
    encoding = connection.get_settings().server_encoding
    if encoding != "UTF8":
        raise wrong_encoding(address.url, encoding)
