"""A folder that untrusted programs write to, used from outside of their sandbox.

What is in it may be changed at any time, by a program that wants us to read `/etc/shadow` through a link. So a path is
walked folder by folder, each opened relative to the one before and never through a link; what was checked is what is
used.
"""

import os
import stat
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final, Literal

from examples.coding_agent.sandbox.limits import Limits
from examples.coding_agent.sandbox.protocol import FileInfo, LimitExceededError, PathRefusedError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEPTH: Final = 8
_LENGTH: Final = 200


class Folder:
    """The folder. Files that are made in it belong to `owner`, if that is not who executes this."""

    def __init__(self, root: Path, limits: Limits, owner: int | None = None) -> None:
        self.root, self._limits, self._owner = root, limits, owner

    def write(self, files: Mapping[str, str]) -> None:
        """See `Sandbox.write`."""
        contents = {checked_path(path): text.encode() for path, text in files.items()}
        self._check_room(contents)
        for path, content in contents.items():
            with self._parent(path, make=True) as parent:
                self._write(parent, path, content)

    def read(self, path: str) -> bytes:
        """See `Sandbox.read`."""
        parts = checked_path(path)
        with self._parent(parts) as parent:
            descriptor = _opened(parts, _READ, parent)
        with _regular(descriptor, "rb", path) as file:
            return file.read(self._limits.file_size)

    def files(self) -> list[FileInfo]:
        """See `Sandbox.files`."""
        found = (
            FileInfo(path, info.st_size) for path, info in self._all() if stat.S_ISREG(info.st_mode)
        )
        return sorted(found, key=lambda file: file.path)

    def usage(self) -> tuple[int, int]:
        """How much disk it takes, and how many entries it has. Ends where a limit is passed."""
        size = entries = 0
        for _, info in self._all():
            size += max(info.st_size if stat.S_ISREG(info.st_mode) else 0, info.st_blocks * 512)
            entries += 1
        return size, entries

    def _all(self) -> Iterator[tuple[str, os.stat_result]]:
        """Its entries, up to a few more than there may be."""
        left = self._limits.files + 100
        for where, folders, names, descriptor in os.fwalk(self.root, follow_symlinks=False):
            folders.sort()
            for name in (*folders, *names):
                try:
                    info = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                except OSError:
                    continue  # gone meanwhile
                yield (Path(where) / name).relative_to(self.root).as_posix(), info
                left -= 1
                if left <= 0:
                    return

    def _check_room(self, contents: Mapping[tuple[str, ...], bytes]) -> None:
        largest = max(map(len, contents.values()), default=0)
        if largest > self._limits.file_size:
            raise LimitExceededError("bytes in one file", largest, self._limits.file_size)
        size, entries = self.usage()
        size += sum(map(len, contents.values()))
        if size > self._limits.total_size:
            raise LimitExceededError("bytes in all files", size, self._limits.total_size)
        entries += sum(map(len, contents))
        if entries > self._limits.files:
            raise LimitExceededError("files", entries, self._limits.files)

    @contextmanager
    def _parent(self, parts: tuple[str, ...], *, make: bool = False) -> Generator[int]:
        """The folder of a path, opened."""
        current = os.open(self.root, _FOLDER)
        try:
            for place in range(1, len(parts)):
                if make:
                    self._make_folder(parts[place - 1], current)
                below = _opened(parts[:place], _FOLDER, current)
                os.close(current)
                current = below
            yield current
        finally:
            os.close(current)

    def _make_folder(self, name: str, parent: int) -> None:
        try:
            os.mkdir(name, 0o755, dir_fd=parent)
        except FileExistsError:
            return
        if self._owner is not None:
            os.chown(name, self._owner, self._owner, dir_fd=parent, follow_symlinks=False)

    def _write(self, parent: int, parts: tuple[str, ...], content: bytes) -> None:
        descriptor = _opened(parts, _WRITE, parent)
        with _regular(descriptor, "wb", "/".join(parts)) as file:
            os.ftruncate(descriptor, 0)
            if self._owner is not None:
                os.fchown(descriptor, self._owner, self._owner)
            file.write(content)


def checked_path(path: str) -> tuple[str, ...]:
    """The parts of a path. Raises `PathRefusedError` for one that leads out of the folder by its words."""
    parts = PurePosixPath(path).parts
    if not parts or not path.isprintable() or len(path) > _LENGTH or len(parts) > _DEPTH:
        raise PathRefusedError(path[:_LENGTH], "it is no path")
    if parts[0] == "/" or ".." in parts:
        raise PathRefusedError(path, "it leads out of the sandbox")
    return parts


def _opened(parts: tuple[str, ...], flags: int, parent: int) -> int:
    try:
        return os.open(parts[-1], flags, 0o644, dir_fd=parent)
    except FileNotFoundError as error:
        raise PathRefusedError("/".join(parts), "it is not there") from error
    except OSError as error:  # a link, a folder, a socket, a file where a folder must be
        raise PathRefusedError("/".join(parts), f"it cannot be used ({error.strerror})") from error


def _regular(descriptor: int, mode: Literal["rb", "wb"], path: str) -> IO[bytes]:
    """The opened file, which closes it. Raises `PathRefusedError` for folders, pipes and the like."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise PathRefusedError(path, "it is no file")
    return os.fdopen(descriptor, mode)
