"""Sandboxes made by bubblewrap: a root of their own, no network, no privileges, a folder to write to.

A folder `ID/work` below one root is a sandbox; there is nothing else to keep, so each process that has the root finds
all of them.

There are two ways in. An ordinary user gets a user namespace, if the machine allows it. Root must not be root inside, for
the kernel does not count root's processes. So for root each sandbox has a user id of its own, which exists nowhere else;
the command gets there by `setpriv`, which gives up all privileges for good, and only then a user namespace.
"""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from examples.coding_agent.sandbox.folder import Folder, remove
from examples.coding_agent.sandbox.limits import Limits
from examples.coding_agent.sandbox.protocol import (
    FileInfo,
    Finished,
    Progress,
    SandboxMissingError,
    SandboxUnavailableError,
)
from examples.coding_agent.sandbox.running import run_to_end

INSTALL: Final = (
    "Install bubblewrap 0.8 or newer: `apt-get install bubblewrap`, `dnf install bubblewrap` "
    "or `pacman -S bubblewrap`."
)
ALLOW: Final = (
    "This machine may refuse user namespaces to ordinary users: see `sysctl user.max_user_namespaces "
    "kernel.unprivileged_userns_clone kernel.apparmor_restrict_unprivileged_userns`."
)
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{2,40}")
_FIRST_USER: Final = 2_000_000
_USERS: Final = 1_000_000
_CONFIGURATION: Final = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf")
"""Of the host's /etc: what programs below /usr need to be found, and to find their libraries."""
_LINKS: Final = ("bin", "lib", "lib32", "lib64", "sbin")
_VARIABLES: Final = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "HOME": "/work",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}


class BubblewrapSandbox:
    """A sandbox: see `Sandbox`."""

    def __init__(self, sandbox_id: str, folder: Folder, limits: Limits, owner: int | None) -> None:
        self._id, self._folder, self._limits, self._owner = sandbox_id, folder, limits, owner

    @property
    def id(self) -> str:
        """See `Sandbox`."""
        return self._id

    async def run(self, command: str, progress: Progress | None = None) -> Finished:
        """See `Sandbox`."""
        line = command_line(self._folder.root, self._limits, self._owner)
        return await run_to_end((*line, "sh", "-c", command), self._folder, self._limits, progress)

    def write(self, files: Mapping[str, str]) -> None:
        """See `Sandbox`."""
        self._folder.write(files)

    def files(self) -> list[FileInfo]:
        """See `Sandbox`."""
        return self._folder.files()

    def read(self, path: str) -> bytes:
        """See `Sandbox`."""
        return self._folder.read(path)


class BubblewrapSandboxes:
    """The sandboxes below a root: see `Sandboxes`."""

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self.root, self.limits = root, limits or Limits()

    def unavailable(self) -> str | None:
        """See `Sandboxes`. Found out once."""
        return self._unavailable

    def create(self, sandbox_id: str) -> BubblewrapSandbox:
        """See `Sandboxes`."""
        self._check()
        folder = self._folder_of(sandbox_id)
        folder.mkdir(parents=True, exist_ok=True)
        if (owner := _owner_of(sandbox_id)) is not None:
            os.chown(folder, owner, owner)
        return self.attach(sandbox_id)

    def attach(self, sandbox_id: str) -> BubblewrapSandbox:
        """See `Sandboxes`."""
        self._check()
        return BubblewrapSandbox(
            sandbox_id, self.look(sandbox_id), self.limits, _owner_of(sandbox_id)
        )

    def ids(self) -> list[str]:
        """See `Sandboxes`."""
        if not self.root.is_dir():
            return []
        return sorted(one.name for one in self.root.iterdir() if _ID.fullmatch(one.name))

    def remove(self, sandbox_id: str) -> None:
        """See `Sandboxes`."""
        if not _ID.fullmatch(sandbox_id):
            raise SandboxMissingError(sandbox_id)
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            remove(descriptor, sandbox_id)
        finally:
            os.close(descriptor)

    def look(self, sandbox_id: str) -> Folder:
        """The folder of a sandbox, to look into: executes nothing, so bubblewrap need not be there.

        Raises:
            SandboxMissingError: There is none.
        """
        folder = self._folder_of(sandbox_id)
        if not folder.is_dir():
            raise SandboxMissingError(sandbox_id)
        return Folder(folder, self.limits, _owner_of(sandbox_id))

    def _folder_of(self, sandbox_id: str) -> Path:
        if not _ID.fullmatch(sandbox_id):
            raise SandboxMissingError(sandbox_id)
        return self.root / sandbox_id / "work"

    def _check(self) -> None:
        if self._unavailable is not None:
            raise SandboxUnavailableError(self._unavailable)

    @cached_property
    def _unavailable(self) -> str | None:
        self.root.mkdir(parents=True, exist_ok=True)
        return find_problem(self.root, self.limits)


def find_problem(folder: Path, limits: Limits) -> str | None:
    """Why no command can be executed in a sandbox here: one is tried."""
    if shutil.which("bwrap") is None:
        return f"bubblewrap (bwrap) is not installed. {INSTALL}"
    line = command_line(folder, limits, _owner_of("trial"))
    try:
        done = subprocess.run(
            (*line, "true"), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not work here: {error}."
    if done.returncode == 0:
        return None
    said = done.stderr.strip().splitlines() or [f"it exited with {done.returncode}"]
    return f"bubblewrap does not work here: {said[-1]}. {INSTALL} {ALLOW}"


def command_line(folder: Path, limits: Limits, owner: int | None) -> tuple[str, ...]:
    """What comes before a command that is to run in a sandbox."""
    return (
        _program(),
        *(
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
        ),
        *("--die-with-parent", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL"),
        *_privileges(owner),
        *_environment(),
        *_root(),
        *("--perms", "1777", "--size", str(limits.temporary), "--tmpfs", "/tmp"),  # noqa: S108 - its own
        *("--bind", str(folder.resolve()), "/work", "--chdir", "/work"),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        "--",
        *_dropping(owner),
        *_limiting(limits),
    )


def _program() -> str:
    return shutil.which("bwrap") or "bwrap"


def _privileges(owner: int | None) -> tuple[str, ...]:
    if owner is None:
        return ("--unshare-user", "--disable-userns")
    return ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP")


def _environment() -> tuple[str, ...]:
    settings = [word for pair in _VARIABLES.items() for word in ("--setenv", *pair)]
    return ("--clearenv", *settings)


def _root() -> tuple[str, ...]:
    """The host's programs, read-only, and nothing else of it."""
    line = ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev"]
    for name in _LINKS:
        if Path(f"/usr/{name}").is_dir():
            line += ("--symlink", f"usr/{name}", f"/{name}")
    line += ("--perms", "0755", "--dir", "/etc")
    for path in _CONFIGURATION:
        line += ("--ro-bind-try", path, path)
    return tuple(line)


def _dropping(owner: int | None) -> tuple[str, ...]:
    if owner is None:
        return ()
    number = str(owner)
    return (
        *("setpriv", "--reuid", number, "--regid", number, "--clear-groups"),
        *("--inh-caps=-all", "--bounding-set=-all", "--no-new-privs"),
        # Once more, as that user: whoever could make a user namespace would be root in it, and mount memory.
        *(_program(), "--dev-bind", "/", "/", "--unshare-user", "--disable-userns"),
        *("--die-with-parent", "--cap-drop", "ALL", "--"),
    )


def _limiting(limits: Limits) -> tuple[str, ...]:
    return (
        "prlimit",
        f"--as={limits.memory}",
        f"--cpu={limits.cpu_seconds}",
        f"--nproc={limits.processes}",
        f"--fsize={limits.file_size}",
        f"--nofile={limits.open_files}",
        "--core=0",
        "--memlock=0",
    )


def _owner_of(sandbox_id: str) -> int | None:
    """The user id of a sandbox, where this process is root's."""
    if os.geteuid() != 0:
        return None
    digest = hashlib.blake2b(sandbox_id.encode(), digest_size=8).digest()
    return _FIRST_USER + int.from_bytes(digest, "big") % _USERS
