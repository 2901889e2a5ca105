"""The command line as real processes: killed, interrupted, stopped."""

import json
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pytest

from tests.cli.conftest import Answer
from tests.programs import Program, Start, run_program

Cli = Callable[..., Answer]
LIMIT = 30
"""Seconds; no test comes near it."""


class Stage:
    """A folder with the workflows, and processes whose steps can be heard."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.go = folder, folder / "go"
        shutil.copyfile(Path(__file__).with_name("process_flows.py"), folder / "flows.py")
        reading, self._writing = os.pipe()
        self.told: IO[str] = os.fdopen(reading)

    def start(self, *arguments: str) -> Program:
        """Start a command."""
        tell = {"TELL": self._writing}
        return Program(Start(("-m", "outlast", *arguments), self.folder, open_files=tell))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=LIMIT)
        return subprocess.CompletedProcess(arguments, process.wait(), out, err)

    def close(self) -> list[str]:
        """End it. Gives what steps have told and nobody has heard."""
        os.close(self._writing)
        with self.told:
            return self.told.read().split()


@pytest.fixture
def stage(folder: Path) -> Iterator[Stage]:
    yield (made := Stage(folder))
    if not made.told.closed:
        made.close()


@contextmanager
def ended(process: Program) -> Iterator[Program]:
    """However the test ends, the process does too."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LIMIT)


def test_a_killed_run_goes_on_where_it_stopped(stage: Stage) -> None:
    with ended(stage.start("run", "flows.py:three_steps", str(stage.go), "--id", "r")) as process:
        assert [stage.told.readline() for _ in range(2)] == ["first\n", "second\n"]
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT)
    stage.go.touch()
    again = stage.run("run", "flows.py:three_steps", "--id", "r")
    assert (again.returncode, again.stdout) == (0, "123\n")
    assert stage.close() == ["second", "third"], (
        "the step in flight is done again, the recorded one is not"
    )


def test_a_dead_worker_is_noticed_by_whoever_looks(stage: Stage) -> None:
    with ended(stage.start("run", "flows.py:three_steps", str(stage.go), "--id", "r")) as process:
        assert [stage.told.readline() for _ in range(2)] == ["first\n", "second\n"]
        assert "worker gone" not in stage.run("list").stdout
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT)
    assert "worker gone" in stage.run("list").stdout
    assert "worker gone: worker_" in stage.run("show", "r").stdout
    stage.go.touch()
    assert stage.run("run", "flows.py:three_steps", "--id", "r").stdout == "123\n"


def test_ctrl_c_says_how_to_go_on_and_that_works(stage: Stage) -> None:
    url = f"sqlite:///{stage.folder / 'elsewhere.db'}"
    command = ("run", "flows.py:three_steps", str(stage.go), "--url", url)
    with ended(stage.start(*command)) as process:
        assert [stage.told.readline() for _ in range(2)] == ["first\n", "second\n"]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("stopping when what is in flight is done" in line for line in lines)
        stage.go.touch()
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out) == (130, "")
    advice = shlex.split(err.splitlines()[-1])
    assert advice[:3] == ["outlast", "run", "flows.py:three_steps"]
    again = stage.run(*advice[1:])
    assert (again.returncode, again.stdout) == (0, "123\n")
    assert stage.close() == ["third"], "what was in flight at Ctrl-C was finished and recorded"


def test_a_run_that_ends_while_it_is_stopped_gives_its_result(stage: Stage) -> None:
    with ended(stage.start("run", "flows.py:one_step", str(stage.go))) as process:
        assert stage.told.readline() == "second\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("stopping when" in line for line in lines)
        stage.go.touch()
        out, err = process.communicate(timeout=LIMIT)
    assert (process.returncode, out) == (0, "2\n")
    assert "Go on with" not in err


def test_a_second_ctrl_c_with_json_gives_the_document(stage: Stage) -> None:
    command = ("run", "flows.py:three_steps", str(stage.go), "--id", "r", "--json")
    with ended(stage.start(*command)) as process:
        assert [stage.told.readline() for _ in range(2)] == ["first\n", "second\n"]
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)  # two signals at once would be one
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=LIMIT)
    assert process.returncode == 130
    assert json.loads(out)["go_on"] == "outlast run flows.py:three_steps --id r"


def test_a_second_ctrl_c_stops_at_once(stage: Stage) -> None:
    with ended(stage.start("run", "flows.py:three_steps", str(stage.go), "--id", "r")) as process:
        assert [stage.told.readline() for _ in range(2)] == ["first\n", "second\n"]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("stopping when" in line for line in lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130
        said = process.stderr.read()
    assert "stopped at once" in said
    assert said.endswith("Go on with:\n  outlast run flows.py:three_steps --id r\n")


def test_a_worker_serves_until_it_is_asked_to_stop(stage: Stage, cli: Cli) -> None:
    command = ("worker", "flows.py", "--json", "--verbose", "--grace", "50ms")
    with ended(stage.start(*command)) as worker:
        lines = _documents(worker)
        serving = next(lines)
        assert serving["workflows"] == ["hung", "nap", "one_step", "three_steps"]
        assert cli("workers", "--json").document["workers"][0]["id"] == serving["worker"]
        run_id = stage.run("start", "flows.py:nap").stdout.strip()
        assert _until(lines, "suspended") == run_id
        assert "sleep" in cli("show", run_id).out
        assert "sleep 3d 0h left" in cli("list").out
        assert cli("wake", run_id).code == 0
        assert _until(lines, "completed") == run_id
        stage.run("start", "flows.py:hung")
        assert stage.told.readline() == "hang\n"
        worker.send_signal(signal.SIGTERM)  # which the thread of that step does not hold up
        assert [*lines][-1] == {"event": "stopped", "worker": serving["worker"], "ended": 1}
        assert worker.wait(LIMIT) == 0
    assert cli("workers", "--json").document == {"workers": []}


def test_a_blocked_run_goes_on_when_its_code_is_back(stage: Stage) -> None:
    good = (
        "from outlast import sleep, step, workflow\n"
        "@step\ndef a() -> int: return 1\n"
        "@step\ndef b() -> int: return 2\n"
        "@workflow\nasync def flow() -> int:\n"
        "    x = await a()\n    await sleep('0.5s')\n    return x + await b()\n"
    )
    file = stage.folder / "changed.py"
    file.write_text(good.replace("0.5s", "3 days"))
    run_id = stage.run("start", "changed.py").stdout.strip()
    with ended(stage.start("worker", "changed.py", "--json", "--verbose")) as worker:
        assert _until(_documents(worker), "suspended") == run_id
        worker.send_signal(signal.SIGTERM)
        worker.wait(LIMIT)
    # Of another length: Python takes what it compiled within the same second for current else.
    file.write_text(good.replace("x = await a()", "x = await b()  # and not a()"))
    stage.run("wake", run_id)
    blocked = stage.run("run", "changed.py", "--id", run_id)
    assert (blocked.returncode, blocked.stdout) == (1, "")
    assert blocked.stderr.count("asked:    step b#1") == 1
    assert json.loads(stage.run("show", "--json").stdout)["run"]["status"] == "blocked"
    file.write_text(good)
    unblocked = stage.run("run", "changed.py", "--id", run_id)
    assert (unblocked.returncode, unblocked.stdout) == (0, "3\n")


def test_the_demo_proves_that_nothing_was_lost(folder: Path) -> None:
    answer = run_program(Start(("-m", "outlast", "demo", "--files", "40", "--json"), folder))
    assert (answer.returncode, answer.stderr) == (0, "")
    document = json.loads(answer.stdout)
    proof = document["proof"]
    assert document["holds"] is True
    assert [check["holds"] for check in proof["checks"]] == [True] * 5
    assert (proof["files"], proof["steps_recorded"], proof["kills"]) == (40, 42, 1)
    assert proof["executed_again"] <= proof["in_flight"] <= 8
    assert proof["executions"] == 42 + proof["executed_again"]
    assert document["report"]["files"] == 40
    assert [*folder.iterdir()] == []


def _documents(process: Program) -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def _until(lines: Iterator[dict[str, Any]], event: str) -> str:
    return next(str(line["run"]) for line in lines if line["event"] == event)
