"""The last net under workflow code: an audit hook that refuses I/O while a turn is running.

The lens and the static check know names; this knows deeds. It sees what a library does on behalf of
workflow code, whatever it was called.
"""

import inspect
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from outlast._engine.lens_globals import workflow_line
from outlast._engine.libraries import instead_by_caller
from outlast._engine.sources import current_sources
from outlast._registry import check_table
from outlast.errors import NotDurableError


def install() -> None:
    """Watch this process from now on. Idempotent; a hook cannot be taken away again."""
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_watch)
        if sys.version_info < (3, 12):
            _announce_threads()


def _announce_threads() -> None:
    """Have Python 3.11 say that it starts a thread, as later versions do. A thread that a library starts within
    a turn would wait for a loop that nobody turns, and the run for the thread."""
    module: Any = threading
    begin = module._start_new_thread

    def start_new_thread(function: Any, args: Any, *more: Any) -> Any:
        sys.audit("_thread.start_new_thread", function, args, None)
        return begin(function, args, *more)

    module._start_new_thread = start_new_thread


_installed = False

_INSTEAD: Final[dict[str, str]] = {
    "open": check_table.FILES,
    "os": check_table.FILES,
    "pathlib": check_table.PATHS,
    "glob": check_table.PATHS,
    "shutil": check_table.FILES,
    "tempfile": check_table.FILES,
    "mmap": check_table.FILES,
    "fcntl": check_table.FILES,
    "socket": check_table.NETWORK,
    "ftplib": check_table.NETWORK,
    "imaplib": check_table.NETWORK,
    "poplib": check_table.NETWORK,
    "smtplib": check_table.NETWORK,
    "urllib": check_table.HTTP,
    "http": check_table.HTTP,
    "sqlite3": check_table.DATABASE,
    "subprocess": check_table.PROCESSES,
    "webbrowser": check_table.PROCESSES,
    "pty": check_table.PROCESSES,
    "_thread": check_table.THREADS,
    "_posixsubprocess": check_table.PROCESSES,
    "time": check_table.SLEEP,
}
"""By the first part of an event's name: what to do instead."""

_EVENTS: Final = check_table.words(
    "open subprocess.Popen urllib.Request sqlite3.connect webbrowser.open pty.spawn glob.glob mmap.__new__"
    " pathlib.Path.glob pathlib.Path.rglob time.sleep _thread.start_new_thread _thread.start_joinable_thread _posixsubprocess.fork_exec"
    " fcntl.fcntl fcntl.flock fcntl.ioctl fcntl.lockf tempfile.mkstemp tempfile.mkdtemp"
    " shutil.copyfile shutil.copytree shutil.move shutil.rmtree shutil.make_archive shutil.chown"
    " http.client.connect http.client.send ftplib.connect smtplib.connect imaplib.open poplib.connect"
    " socket.__new__ socket.bind socket.connect socket.getaddrinfo socket.gethostbyname"
    " socket.gethostbyaddr socket.gethostname socket.getnameinfo socket.getservbyname"
    " socket.getservbyport socket.sendto socket.sendmsg socket.sethostname"
    " os.chdir os.chflags os.chmod os.chown os.exec os.fork os.forkpty os.getxattr os.kill os.killpg"
    " os.link os.listdir os.listxattr os.lockf os.mkdir os.posix_spawn os.putenv os.remove"
    " os.removexattr os.rename os.rmdir os.scandir os.setxattr os.spawn os.startfile os.symlink"
    " os.system os.truncate os.unsetenv os.utime"
)

_TRUSTED: Final = frozenset(
    # Importing a module happens once per process and is no part of the run.
    check_table.words("importlib _frozen_importlib _frozen_importlib_external zipimport pkgutil")
    # Telling of an error reads source files; logging and debugging are for people.
    | check_table.words("linecache traceback warnings logging pdb bdb")
    # Tables of facts that belong to the interpreter.
    | check_table.words("zoneinfo gettext mimetypes encodings")
    # Clean-up of other objects, which the garbage collector may start at any time.
    | check_table.words("weakref")
)
"""Top-level modules under whose frames anything goes."""

_LOOP: Final = "outlast._engine.loop"


def _watch(
    event: str,
    arguments: tuple[Any, ...],
    # Kept here: while the interpreter ends, the names of a module are gone before its hooks.
    events: frozenset[str] = _EVENTS,
    is_ending: Callable[[], bool] = sys.is_finalizing,
) -> None:
    # Called for every audited operation of the process: the first line must be cheap.
    if event not in events or is_ending() or current_sources() is None:
        return  # step threads, too, do as they like while a turn is running
    if not _is_time_zone(event, arguments) and not _is_trusted(inspect.currentframe()):
        instead = instead_by_caller(_INSTEAD[event.partition(".")[0]])
        raise NotDurableError(_what(event, arguments), instead)


def _is_time_zone(event: str, arguments: tuple[Any, ...]) -> bool:
    """`ZoneInfo(...)` reads the time zone database from C, without a frame to trust."""
    zoneinfo = sys.modules.get("zoneinfo")
    if event != "open" or zoneinfo is None or not isinstance(arguments[0], str):
        return False
    roots: tuple[str, ...] = getattr(zoneinfo, "TZPATH", ())  # not yet, while it is imported
    return arguments[0].startswith(roots)


def _is_trusted(frame: FrameType | None) -> bool:
    """Whether the operation is done by, or below, code that may do it within a turn."""
    while frame is not None:
        module = frame.f_globals.get("__name__")
        if module == _LOOP:  # below this frame is the host, which is not the run's business
            return False
        if isinstance(module, str) and module.partition(".")[0] in _TRUSTED:
            return True
        if frame.f_code.co_name == "__del__":
            return True
        frame = frame.f_back
    return False


def _what(event: str, arguments: tuple[Any, ...]) -> str:
    subject = f" ({arguments[0]!r})" if arguments and isinstance(arguments[0], str) else ""
    line = workflow_line()
    return f"{event}{subject} at {line}" if line else f"{event}{subject}"
