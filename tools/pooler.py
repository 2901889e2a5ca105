"""A pooler between tests and PostgreSQL: Debian's PgBouncer.

    python -m tools.pooler                  install it if it is missing and this may be done; else say what to do
    with pooled(server) as url: ...         the URL of the same database through a pooler of one's own

`make setup` runs this. It never fails: without PgBouncer its tests are skipped and say so.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tools import debian

PACKAGES = ("pgbouncer",)
BY_HAND = debian.by_hand(PACKAGES)
PATIENCE = 20.0
"""How many seconds it may take to start."""

_PAUSE = 0.01
_PORT = 6432
"""Only in the name of its unix socket: it does not listen on the network."""
_SETTINGS = """
[databases]
postgres = host={server} port=5432 dbname=postgres user=postgres

[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {folder}
auth_type = any
pool_mode = {mode}
default_pool_size = 4
max_client_conn = 200
"""


class NoPoolerError(Exception):
    """PgBouncer is not installed."""


@contextmanager
def pooled(server: Path, mode: str = "transaction") -> Iterator[str]:
    """The URL of the database `postgres` of the server that has its socket in a folder, through PgBouncer.

    The pooler has four connections for all of its clients. Raises `NoPoolerError`.
    """
    program = shutil.which("pgbouncer")
    if program is None:
        raise NoPoolerError(f"there is no PgBouncer. For these tests: {BY_HAND}")
    folder = Path(tempfile.mkdtemp(prefix="outlast-pooler-", dir="/tmp"))
    settings = folder / "pgbouncer.ini"
    settings.write_text(_SETTINGS.format(server=server, folder=folder, port=_PORT, mode=mode))
    # PgBouncer refuses root, as PostgreSQL does: it runs as who owns the server's socket.
    owner = server.stat().st_uid if os.geteuid() == 0 else None
    if owner is not None:
        shutil.chown(folder, owner)
        settings.chmod(0o644)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, str(settings)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, user=owner
        )
    try:
        _wait_until_ready(process, folder)
        yield f"postgresql://postgres@/postgres?host={folder}&port={_PORT}&pooler={mode}"
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Install it if it is missing."""
    debian.provide("pgbouncer", PACKAGES, shown="PgBouncer", tests="the tests of a pooler")


def _wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    socket = folder / f".s.PGSQL.{_PORT}"
    for _ in range(int(PATIENCE / _PAUSE)):
        if socket.exists():
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PAUSE)
            break
    message = f"PgBouncer does not start: {(folder / 'log').read_text()}"
    raise RuntimeError(message)


if __name__ == "__main__":
    main()
