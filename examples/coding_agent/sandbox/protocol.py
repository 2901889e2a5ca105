"""What the agent needs of a sandbox. A container or a service in the cloud would be another implementation.

Only the id of a sandbox is kept in a run's log: each step attaches to it anew, perhaps in another process.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True)
class FileInfo:
    """A file in a sandbox."""

    path: str
    """Relative to the folder in which commands run."""
    size: int


@dataclass(frozen=True)
class Finished:
    """How a command has ended."""

    exit: int
    """What it exited with; 128 and the number of the signal, if one has ended it."""
    text: str
    """What it has printed, on both outputs; the middle is left out of what is long."""
    killed: str | None = None
    """Which limit has ended it."""


Progress: TypeAlias = Callable[[str], Awaitable[None]]
"""Is told what a command has printed up to now, several times a second at most."""


class Sandbox(Protocol):
    """A folder, and commands that see no more than that."""

    @property
    def id(self) -> str:
        """By which it is found again."""
        ...

    async def run(self, command: str, progress: Progress | None = None) -> Finished:
        """Execute a command of the shell, in the folder. Whatever it has started is gone when this returns, raises or is
        cancelled."""
        ...

    def write(self, files: Mapping[str, str]) -> None:
        """Write text files: all of them, or none if one is refused.

        Raises:
            PathRefusedError: A path leads out of the folder, or through a link.
            LimitExceededError: They are too large, or too many.
        """
        ...

    def files(self) -> list[FileInfo]:
        """Its regular files, by path. Links are not followed."""
        ...

    def read(self, path: str) -> bytes:
        """What a file has.

        Raises:
            PathRefusedError: There is no regular file, or the path leads out of the folder or through a link.
        """
        ...


class Sandboxes(Protocol):
    """Makes sandboxes, and finds them again."""

    def unavailable(self) -> str | None:
        """Why there can be no sandboxes on this machine, and what to do about it."""
        ...

    def create(self, sandbox_id: str) -> Sandbox:
        """Make it. If it is there already, that is the one: a step that is attempted again must not make another.

        Raises:
            SandboxUnavailableError: There can be no sandboxes here.
        """
        ...

    def attach(self, sandbox_id: str) -> Sandbox:
        """The sandbox of this id.

        Raises:
            SandboxMissingError: There is none.
            SandboxUnavailableError: There can be no sandboxes here.
        """
        ...

    def ids(self) -> list[str]:
        """Of all that there are."""
        ...

    def remove(self, sandbox_id: str) -> None:
        """Remove it, with its files. Nothing may be executed in it any more. Idempotent."""
        ...


class SandboxError(Exception):
    """Something about a sandbox."""


class SandboxUnavailableError(SandboxError):
    """There can be no sandboxes on this machine. Nothing is executed without one."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} Nothing is executed without a sandbox."


class SandboxMissingError(SandboxError):
    """There is no such sandbox."""

    def __init__(self, sandbox_id: str) -> None:
        super().__init__(sandbox_id)
        self.sandbox_id = sandbox_id

    def __str__(self) -> str:
        return f"there is no sandbox {self.sandbox_id!r}; create_sandbox makes one"


class PathRefusedError(SandboxError):
    """A path cannot be used."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path!r}: {self.reason}"


class LimitExceededError(SandboxError):
    """More than a sandbox may hold."""

    def __init__(self, what: str, asked: int, limit: int) -> None:
        super().__init__(what, asked, limit)
        self.what, self.asked, self.limit = what, asked, limit

    def __str__(self) -> str:
        return f"{self.what}: {self.asked:,}, and the limit is {self.limit:,}"
