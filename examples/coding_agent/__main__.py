"""Serve the example, and start its server again whenever it is killed.

    python -m examples.coding_agent [--port 8000] [--data FOLDER] [--no-development]

The socket stays open in this process, so who connects meanwhile waits a moment and is not refused.
"""

import argparse
import os
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn, TypeAlias

from examples.coding_agent import settings
from examples.coding_agent.models import ModelUnusableError, choose_code, choose_talk
from examples.coding_agent.small_model import SMALL

Serve: TypeAlias = Callable[[socket.socket, int | None], None]
SOON: Final = 3.0
"""A server that has lived for fewer seconds has failed to start."""
FAILURES: Final = 3
"""So many of these in a row are enough."""


class Supervisor:
    """Keeps one server running. Each is forked from this process, which has imported what it needs: so one that was killed
    is back in no time."""

    def __init__(self, listening: socket.socket, serve: Serve) -> None:
        self._listening, self._serve = listening, serve
        self._server: int | None = None
        self._stopping = False

    def run(self) -> int:
        """Start the server, and start it again when it was killed. Gives an exit status when it is stopped, or does not
        start."""
        failures = 0
        while failures < FAILURES:
            begun = time.monotonic()
            status = self._serve_once()
            if self._stopping or status == 0:
                return 0
            failures = failures + 1 if time.monotonic() - begun < SOON and status > 0 else 0
            print(f"The server has ended ({_ending(status)}), and is started again.", flush=True)
        print("The server does not start.", file=sys.stderr)
        return 1

    def stop(self, _signal: int = 0, _frame: FrameType | None = None) -> None:
        """End the server, and do not start it again."""
        self._stopping = True
        if self._server is not None:
            os.kill(self._server, signal.SIGTERM)

    def _serve_once(self) -> int:
        theirs, ours = os.pipe()  # the server ends with us, also when nobody has told it to
        sys.stdout.flush()
        self._server = os.fork()
        if self._server == 0:
            os.close(ours)
            self._be_the_server(theirs)
        try:
            return os.waitstatus_to_exitcode(os.waitpid(self._server, 0)[1])
        finally:
            self._server = None
            os.close(ours)
            os.close(theirs)

    def _be_the_server(self, parent: int) -> NoReturn:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setsid()  # what is typed at the terminal is for the supervisor
            self._serve(self._listening, parent)
            status = 0
        except BaseException:  # noqa: BLE001 - nothing may get to the code of the supervisor
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)


def _ending(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def main() -> int:
    """Serve until it is stopped. Gives the exit status."""
    given = _arguments()
    os.environ[settings.DATA] = str(given.data.resolve())
    os.environ[settings.DEVELOPMENT] = "0" if given.no_development else "1"
    try:
        settings.check()
        code, talk = choose_code(), choose_talk()
        socket_there = socket.create_server(("127.0.0.1", given.port))
    except (ModelUnusableError, settings.SettingUnusableError) as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"Port {given.port} cannot be used: {error.strerror}. Try another: --port 0 takes one that is free.",
            file=sys.stderr,
        )
        return 2
    with socket_there as listening:
        # Not before: it chooses its models when it is imported.
        serve = import_module("examples.coding_agent.server").serve
        supervisor = Supervisor(listening, serve)
        signal.signal(signal.SIGINT, supervisor.stop)
        signal.signal(signal.SIGTERM, supervisor.stop)
        print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
        print(f"  the agent:  {code.label}")
        print(f"  plain chat: {SMALL.missing() or talk.label}")
        print(f"  sandbox:    {settings.sandboxes().unavailable() or 'bubblewrap'}")
        print(f"  kept in:    {given.data}", flush=True)
        return supervisor.run()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.coding_agent")
    parser.add_argument("--port", type=int, default=8000, help="0 for any that is free")
    parser.add_argument("--data", type=Path, default=settings.data_folder())
    parser.add_argument(
        "--no-development", action="store_true", help="without the button that kills the server"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
