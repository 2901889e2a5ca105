"""How much a sandbox may use."""

from dataclasses import dataclass
from typing import Final

MB: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one sandbox. The kernel holds those of a process and of `/tmp`; those of the whole are looked at many
    times a second, and who is beyond one is killed with all that it has started."""

    seconds: float = 30.0
    """A command, by the clock on the wall."""
    cpu_seconds: int = 20
    """A command, of all its processes together."""
    memory: int = 512 * MB
    """All processes of a command together, and the address space of each."""
    processes: int = 64
    """At once, with their threads."""
    file_size: int = 8 * MB
    """One file."""
    total_size: int = 32 * MB
    """All files of the folder together."""
    files: int = 1_000
    """How many, with folders and links."""
    temporary: int = 16 * MB
    """In `/tmp`, which is empty for each command."""
    open_files: int = 256
    """Of one process."""
    output: int = 32_000
    """Characters of what a command prints that are kept."""

    def described(self) -> dict[str, str]:
        """For people."""
        return {
            "network": "none",
            "time": f"{self.seconds:g} s a command",
            "cpu": f"{self.cpu_seconds} s a command",
            "memory": _size(self.memory),
            "processes": str(self.processes),
            "file": _size(self.file_size),
            "total": f"{_size(self.total_size)} in {self.files:,} files",
        }


def _size(number: int) -> str:
    return f"{number / MB:g} MB"
