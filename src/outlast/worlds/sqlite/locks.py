"""A lock file a worker: the kernel drops the lock when the process dies, so a dead worker is known
at once.

`flock` directly, not a library: it belongs to the open file, so two worlds in one process exclude
each other like two processes, which locks of the other kind (POSIX) do not; and the files need no
fallback, since the write-ahead log binds all users of a database to one machine anyway. For the same
reason it does not matter what host name a worker has.
"""

import fcntl
import os
import weakref
from pathlib import Path

from outlast.worlds.sqlite.faults import without_lock


class WorkerLocks:
    """The locks of the workers of one database, of which this world object holds some.

    A worker's lock is taken before its row is written, and given up after its row is gone. So in
    a transaction that sees the row, a worker that is not alive is dead.
    """

    def __init__(self, database: Path, url: str) -> None:
        self._url = url
        self._folder = database.with_name(database.name + "-workers")
        self._held: dict[str, int] = {}
        """Worker id -> file descriptor."""
        _EVERY.add(self)

    def hold(self, worker_id: str) -> None:
        """Hold the lock of a worker until it is dropped. Does nothing if it is held already.

        Raises `WorldError` if the file cannot be made, or somebody else holds it.
        """
        if worker_id in self._held:
            return
        try:
            self._folder.mkdir(exist_ok=True)
            self._held[worker_id] = _locked(self._path(worker_id))
        except OSError as error:
            raise without_lock(self._url, error) from error

    def alive(self, worker_id: str) -> bool:
        """Whether some process holds the worker's lock. A worker without a file is not alive: the
        database was copied without its lock files.

        Asking takes a shared lock for a moment, so that several may ask at once.
        """
        try:
            descriptor = os.open(self._path(worker_id), os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            return False
        finally:
            os.close(descriptor)

    def drop(self, worker_id: str) -> None:
        """Give up a worker's lock, if it is ours, and remove its file. Idempotent."""
        self._path(worker_id).unlink(missing_ok=True)
        descriptor = self._held.pop(worker_id, None)
        if descriptor is not None:
            os.close(descriptor)

    def close(self) -> None:
        """Give up all locks that are ours: a worker that is still registered counts as dead then.

        In a forked child this closes copies, which gives up nothing: only the child must not keep
        alive a parent that has died.
        """
        while self._held:
            _, descriptor = self._held.popitem()
            os.close(descriptor)

    def _path(self, worker_id: str) -> Path:
        return self._folder / f"{worker_id}.lock"


def _locked(path: Path) -> int:
    """The descriptor of the file, which is ours alone from now on."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


_EVERY: "weakref.WeakSet[WorkerLocks]" = weakref.WeakSet()


def _close_every() -> None:
    for locks in list(_EVERY):
        locks.close()


os.register_at_fork(after_in_child=_close_every)
