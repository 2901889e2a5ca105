"""Workers with `--queue`, what the looking commands say of dispatched steps, and `prune`."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Answer
from tests.programs import Program, Start, run_program

Cli = Callable[..., Answer]
LIMIT = 30
"""Seconds; no test comes near it."""

STEPS_ONLY = """
from outlast import step

@step(name="render", queue="gpu")
def render(frames: int) -> int:
    return frames * 2
"""

FLOW = """
import steps_only
from outlast import workflow

@workflow(name="film")
async def film(frames: int) -> int:
    return await steps_only.render(frames)
"""


@contextmanager
def worker(folder: Path, *arguments: str) -> Iterator[Iterator[dict[str, Any]]]:
    """A worker process, and the documents that it prints; at the end it is asked to stop."""
    start = Start(("-m", "outlast", "worker", *arguments, "--json", "--verbose"), folder)
    with Program(start, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        yield map(json.loads, process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT) == 0


@pytest.fixture
def files(folder: Path) -> Path:
    (folder / "steps_only.py").write_text(STEPS_ONLY)
    (folder / "flow_of_steps.py").write_text(FLOW)
    return folder


def test_a_step_waits_for_the_worker_of_its_queue(files: Path, cli: Cli) -> None:
    with worker(files, "flow_of_steps.py") as told:
        assert next(told)["queues"] == ["default"]
        started = run_program(
            Start(("-m", "outlast", "start", "flow_of_steps.py:film", "21"), files)
        )
        run_id = started.stdout.strip()
        assert next(one for one in told if one["event"] == "suspended")["run"] == run_id
        assert "step render" in cli("list").out
        assert "○ render  queued in gpu" in cli("show", run_id).out
        (waiting,) = cli("show", run_id, "--json").document["run"]["waiting"]
        assert [waiting[name] for name in ("kind", "on", "queue")] == ["step", "render", "gpu"]
        arguments = ("steps_only.py", "--queue", "gpu", "--concurrency", "2")
        with worker(files, *arguments) as makers:
            assert next(makers)["queues"] == ["gpu"]
            assert next(one for one in told if one["event"] == "completed")["run"] == run_id
            first, second = cli("workers", "--json").document["workers"]
            assert (first["queues"], second["queues"]) == (["default"], ["gpu"])
            assert second["live_runs"] == second["attempts"] == 0
            shown = cli("workers").out
            assert "runs" in shown
            assert "steps" in shown
            assert "gpu" in shown
    assert "42" in cli("show", run_id).out


def test_a_file_without_anything_to_serve_is_refused(folder: Path, cli: Cli) -> None:
    (folder / "empty_of_all.py").write_text("x = 1\n")
    done = run_program(Start(("-m", "outlast", "worker", "empty_of_all.py"), folder))
    assert done.returncode == 2
    assert "neither a workflow nor a step" in done.stderr


def test_a_flag_that_cannot_be_used_is_named_as_it_is_written(
    cli: Cli, flows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = cli("worker", flows, "--concurrency", "0")
    assert (answer.code, "--concurrency = 0 (the command line)" in answer.err) == (2, True)
    monkeypatch.setenv("OUTLAST_MAX_STEPS", "x")
    assert "max_steps = 'x' (OUTLAST_MAX_STEPS)" in cli("worker", flows, "--grace", "1s").err


def test_prune_deletes_what_is_old(cli: Cli, run_id: str) -> None:
    assert cli("prune", "--older-than", "1d", "--json").document == {"pruned": 0}
    all_failed = ("--older-than", "0s", "--yes", "--status", "failed")
    assert cli("prune", *all_failed, "--json").document == {"pruned": 0}
    workflow = cli("show", run_id, "--json").document["run"]["workflow"]
    answer = cli("prune", "--older-than", "0s", "--workflow", workflow, "--yes")
    assert (answer.code, answer.out) == (0, "deleted 1 run\n")
    assert cli("show", run_id).code == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--older-than", "soon"), "is no length of time"),
        (("--older-than", "1d", "--status", "running"), "is no end"),
        (("--older-than", "0s"), "add --yes"),
        ((), "older-than"),
    ],
)
def test_prune_refuses_what_it_cannot_mean(
    cli: Cli, run_id: str, arguments: tuple[str, ...], text: str
) -> None:
    answer = cli("prune", *arguments)
    assert answer.code == 2
    assert text in answer.err
    assert cli("show", run_id).code == 0
