"""The demo's stage: a folder with a database and the workflow's file, and workers that can be killed."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

from outlast.cli.loading import load
from outlast.cli.problem import Problem

WORKFLOW_FILE = Path(__file__).with_name("stdlib_index.py")
"""Copied rather than imported, so that it is the user's code, as it would be in a project."""
STOP_SECONDS = 15
"""How long a worker may take to stop when it is asked to."""


class Stage:
    """Where the demo plays."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.folder = folder
        self.url = url or f"sqlite:///{folder / 'outlast.db'}"
        self.workflow_file = folder / "stdlib_index.py"
        self.log_file = folder / "worker.log"
        self.witness_file = folder / "executions.txt"
        self.worker: asyncio.subprocess.Process | None = None
        shutil.copyfile(WORKFLOW_FILE, self.workflow_file)

    def load(self) -> ModuleType:
        """The workflow's module, loaded as a worker loads it."""
        return load(str(self.workflow_file))

    async def start_worker(self) -> int:
        """Start `outlast worker` in a process of its own. Gives its pid."""
        command = ("-m", "outlast", "worker", str(self.workflow_file), "--url", self.url)
        with self.log_file.open("ab") as log:
            self.worker = await asyncio.create_subprocess_exec(
                sys.executable,
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "OUTLAST_DEMO_WITNESS": str(self.witness_file)},
            )
        return self.worker.pid

    async def kill_worker(self) -> None:
        """SIGKILL: it can neither notice nor clean up. Returns when the process is gone."""
        await self._end(signal.SIGKILL)

    async def stop_worker(self) -> None:
        """Ask it to stop; kill it if it does not."""
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._end(signal.SIGTERM)
        except TimeoutError:
            await self._end(signal.SIGKILL)

    def check_worker(self) -> None:
        """Raise `Problem`, with the end of its log, if the worker has died by itself."""
        if self.worker is not None and self.worker.returncode is not None:
            lines = self.log_file.read_text(errors="replace").splitlines()
            raise Problem(
                f"the worker ended by itself with exit code {self.worker.returncode}",
                details="\n".join(lines[-15:]),
            )

    def executions(self) -> Counter[str]:
        """How often each step was executed, as the steps themselves have noted."""
        if not self.witness_file.exists():
            return Counter()
        return Counter(self.witness_file.read_text().split())

    async def _end(self, number: signal.Signals) -> None:
        if self.worker is not None:
            with suppress(ProcessLookupError):
                self.worker.send_signal(number)
            await self.worker.wait()
            self.worker = None


@contextmanager
def new_stage(*, url: str | None, keep: bool) -> Generator[Stage]:
    """A stage in a new folder, which is removed in the end unless it is to be kept."""
    folder = Path(tempfile.mkdtemp(prefix="outlast-demo-"))
    try:
        yield Stage(folder, url)
    finally:
        sys.modules.pop("stdlib_index", None)
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
