"""Serve the example, and start its server again whenever it is killed.

    python -m examples.coding_agent [--port 8000] [--data FOLDER] [--no-development]

The socket stays open in this process, so who connects meanwhile waits a moment and is not refused.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Final

from examples.coding_agent import settings
from examples.coding_agent.models import ModelUnusableError, choose_code, choose_talk
from examples.coding_agent.small_model import SMALL

SOON: Final = 3.0
"""A server that has lived for fewer seconds has failed to start."""
FAILURES: Final = 3
"""So many of these in a row are enough."""


class Supervisor:
    """Keeps one server running."""

    def __init__(self, listening: socket.socket, environment: Mapping[str, str]) -> None:
        self._listening, self._environment = listening, environment
        self._server: subprocess.Popen[bytes] | None = None
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
            self._server.terminate()

    def _serve_once(self) -> int:
        ours, theirs = os.pipe()  # it ends with us, also when nobody has told it to
        command = [sys.executable, "-m", "examples.coding_agent.server"]
        numbers = {"--socket": self._listening.fileno(), "--parent": ours}
        try:
            self._server = subprocess.Popen(
                [*command, *(word for name, fd in numbers.items() for word in (name, str(fd)))],
                pass_fds=tuple(numbers.values()),
                env=self._environment,
                start_new_session=True,
            )
            return self._server.wait()
        finally:
            os.close(ours)
            os.close(theirs)


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
        supervisor = Supervisor(listening, os.environ)
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
