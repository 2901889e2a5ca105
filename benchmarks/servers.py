"""The PostgreSQL server that is measured."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tools.postgres_server import private_server


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server of one's own with default durability; `OUTLAST_TEST_POSTGRES_URL` names another."""
    if given := os.environ.get("OUTLAST_TEST_POSTGRES_URL"):
        yield given
        return
    with private_server() as server:
        yield server.url()
