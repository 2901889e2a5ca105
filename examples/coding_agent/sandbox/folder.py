"""A folder that untrusted programs write to, used from outside of their sandbox.

What is in it may be changed at any time, by a program that wants us to read `/etc/shadow` through a link. So a path is
walked folder by folder, each opened relative to the one before and never through a link; what was checked is what is
used.
"""

import os
import stat
import subprocess
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final, Literal

from examples.coding_agent.sandbox.limits import Limits
from examples.coding_agent.sandbox.protocol import FileInfo, LimitExceededError, PathRefusedError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_DEPTH: Final = 8
_LENGTH: Final = 200
DEEPEST: Final = 50
"""Folders within folders that are looked into. What is below that is not counted, so it may not be."""


@dataclass(frozen=True)
class Usage:
    """What a folder takes, as far as it was looked at: to a little more than it may have."""

    size: int
    """Bytes of disk."""
    entries: int
    """Files, folders and links."""
    too_deep: tuple[str, ...] = ()
    """Folders that are too deep to look into."""


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
            FileInfo(_as_text(path), info.st_size)
            for path, info in self._all()
            if stat.S_ISREG(info.st_mode)
        )
        return sorted(found, key=lambda file: file.path)

    def usage(self) -> Usage:
        """How much it takes."""
        size = entries = 0
        too_deep: list[str] = []
        for path, info in self._all():
            size += max(info.st_size if stat.S_ISREG(info.st_mode) else 0, info.st_blocks * 512)
            entries += 1
            if stat.S_ISDIR(info.st_mode) and path.count("/") >= DEEPEST:
                too_deep.append(path)
        return Usage(size, entries, tuple(too_deep))

    def cut(self) -> None:
        """Remove what is too deep to be counted, which a command has left behind that was ended for it."""
        for path in self.usage().too_deep:
            parts = tuple(path.split("/"))
            with suppress(PathRefusedError), self._parent(parts) as parent:
                remove(parent, parts[-1])

    def _all(self) -> Iterator[tuple[str, os.stat_result]]:
        """Its entries, up to a few more than there may be, and as deep as there may be."""
        left = self._limits.files + 100
        waiting: list[tuple[str, ...]] = [()]
        while waiting:
            parts = waiting.pop()
            for name, info in self._entries(parts):
                yield "/".join((*parts, name)), info
                if stat.S_ISDIR(info.st_mode) and len(parts) < DEEPEST:
                    waiting.append((*parts, name))
                left -= 1
                if left <= 0:
                    return

    def _entries(self, parts: tuple[str, ...]) -> list[tuple[str, os.stat_result]]:
        """What is in one folder of it, by name; nothing, if it is gone meanwhile or cannot be read."""
        found: list[tuple[str, os.stat_result]] = []
        with suppress(PathRefusedError, OSError), self._parent((*parts, "")) as descriptor:
            for name in sorted(one.name for one in os.scandir(descriptor)):
                with suppress(OSError):
                    found.append((name, os.stat(name, dir_fd=descriptor, follow_symlinks=False)))
        return found

    def _check_room(self, contents: Mapping[tuple[str, ...], bytes]) -> None:
        largest = max(map(len, contents.values()), default=0)
        if largest > self._limits.file_size:
            raise LimitExceededError("bytes in one file", largest, self._limits.file_size)
        used = self.usage()
        size = used.size + sum(map(len, contents.values()))
        if size > self._limits.total_size:
            raise LimitExceededError("bytes in all files", size, self._limits.total_size)
        entries = used.entries + sum(map(len, contents))
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


def _as_text(path: str) -> str:
    """A path that people can be told: programs give files names that are no UTF-8."""
    return os.fsencode(path).decode(errors="replace")


def remove(parent: int, name: str) -> None:
    """Remove a folder in an opened one, with all that is in it. Untrusted programs have made it: it may be deeper than a
    function may call itself, and links in it are not followed. `rm` knows all that. Idempotent."""
    here = f"/proc/{os.getpid()}/fd/{parent}"
    if os.geteuid() != 0:  # what one may not read, one may not empty
        subprocess.run(("/bin/chmod", "-R", "u+rwX", f"./{name}"), cwd=here, **_QUIETLY)
    subprocess.run(("/bin/rm", "-rf", "--", f"./{name}"), cwd=here, **_QUIETLY)


_QUIETLY: Final[dict[str, Any]] = {"capture_output": True, "check": False}


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
