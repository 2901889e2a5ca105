"""What a worker says about itself."""

from collections.abc import Sequence

from rich.text import Text

from outlast import RunStatus
from outlast.cli.looks import STATUS_SIGNS
from outlast.cli.output import Output
from outlast.cli.texts import count
from outlast.instrument import Instrument


class WorkerNotes(Instrument):
    """Prints when the worker serves and stops, and with `verbose` what becomes of runs.

    With `--json` each is one document on a line of standard output.
    """

    def __init__(self, output: Output, *, verbose: bool) -> None:
        self._output, self._verbose = output, verbose
        self._worker_id = ""
        self._ended = 0

    def serving(
        self, url: str, workflows: Sequence[str], steps: int, queues: Sequence[str]
    ) -> None:
        """The worker serves from now on."""
        self._output.line(
            {
                "event": "serving",
                "worker": self._worker_id,
                "url": url,
                "workflows": workflows,
                "queues": queues,
            }
        )
        shown = ", ".join(workflows[:6]) + (", …" if len(workflows) > 6 else "")
        self._output.note(
            Text.assemble(
                ("● ", "cyan"),
                (self._worker_id, "bold"),
                f" serves {url}, queue {', '.join(queues)}\n",
                (f"  {count(len(workflows), 'workflow')} ({shown}), {count(steps, 'step')}", "dim"),
            )
        )

    def stopping(self) -> None:
        """The first signal has come."""
        self._output.line({"event": "stopping", "worker": self._worker_id})
        self._output.note("stopping when what is in flight is done; a second signal stops at once")

    def stopped(self) -> None:
        """All is handed back."""
        self._output.line({"event": "stopped", "worker": self._worker_id, "ended": self._ended})
        self._output.note(f"stopped; {count(self._ended, 'run')} ended here")

    def worker_started(self, worker_id: str) -> None:
        """See `Instrument`."""
        self._worker_id = worker_id

    def run_claimed(self, run_id: str, epoch: int) -> None:
        """See `Instrument`."""
        self._tell("claimed", run_id, "● claimed", "cyan")

    def run_suspended(self, run_id: str) -> None:
        """See `Instrument`."""
        self._tell("suspended", run_id, "◦ suspended", "blue")

    def run_ended(self, run_id: str, status: str) -> None:
        """See `Instrument`."""
        self._ended += 1
        sign, style = STATUS_SIGNS[RunStatus(status)]
        self._tell(status, run_id, f"{sign} {status}", style)

    def run_blocked(self, run_id: str, problem: str) -> None:
        """See `Instrument`. Shown also when not verbose: the log tells of it."""
        self._tell("blocked", run_id, "■ blocked", "magenta")

    def _tell(self, event: str, run_id: str, text: str, style: str) -> None:
        if self._verbose:
            self._output.line({"event": event, "run": run_id})
            self._output.note(Text.assemble((f"{text:<12}", style), run_id))
