"""A run of several processes, one of which is killed: what all of them emit is what the docs list, and nothing twice.

`outlast serve` and `outlast worker` share the work, each with `OUTLAST_OTEL=1`; the test's own process resumes and reads.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from outlast import App, RunStatus, resume
from outlast.otel import names
from tests.otel.collecting import Collector
from tests.otel.documented import check_metrics, check_spans
from tests.otel.exporting import FOLDER, Files, Told, told, traceparent_of
from tests.postgres import Postgres
from tests.programs import Program, Start

LIMIT = "30s"
PARENT, CHILD = "otel.p.parent", "otel.p.child"
EXPECTED = {
    "start otel.p.parent": 1,
    "start otel.p.child": 1,
    "run otel.p.child": 1,
    "step otel.p.flaky": 2,
    "step otel.p.threaded": 1,
    "step otel.p.stuck": 1,  # that of the killed process has no end
    "step otel.p.writes": 1,
    "step otel.p.elsewhere": 1,
    "write stream": 1,
    "read stream": 1,
    "resume hook": 1,
    "wait": 1,
}
ATTEMPTS = {
    ("retried", "otel.p.flaky"): 1,
    ("completed", "otel.p.flaky"): 1,
    ("completed", "otel.p.threaded"): 1,
    ("completed", "otel.p.stuck"): 1,
    ("completed", "otel.p.writes"): 1,
    ("completed", "otel.p.elsewhere"): 1,
}


class Stage:
    """Two processes that serve one database, and what they tell."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        reading, writing = os.pipe()
        env = dict(os.environ) | {
            "OUTLAST_URL": url,
            "OUTLAST_OTEL": "1",
            "OUTLAST_LEASE": "2s",
            "OUTLAST_QUEUES": "default,otel-queue",
            FOLDER: str(folder),
        }
        self.hung = os.fdopen(reading)
        commands = (("serve", "--port", "0"), ("worker",))
        self.processes = [
            Program(
                Start(
                    ("-m", "outlast", command, "tests.otel.process_flows", *options),
                    folder,
                    env,
                    {"TELL": writing},
                )
            )
            for command, *options in commands
        ]
        os.close(writing)
        assert self.processes[0].stdout is not None
        self.api = self.processes[0].stdout.readline().strip()

    def kill_who_hangs(self) -> int:
        """Kill the process whose step hangs, and give its id."""
        pid = int(self.hung.readline())
        [doomed] = [one for one in self.processes if one.pid == pid]
        doomed.kill()
        doomed.wait()
        return pid

    def stop(self) -> None:
        """Let the others end in good order."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
            process.wait()


@contextmanager
def staged(folder: Path, url: str) -> Generator[Stage]:
    stage = Stage(folder, url)
    with stage.hung, stage.processes[0], stage.processes[1]:
        yield stage


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.db'}"
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url()


def test_a_run_of_processes_one_of_which_is_killed(
    collector: Collector, tmp_path: Path, url: str
) -> None:
    asyncio.run(_set_up(url))
    with staged(tmp_path, url) as stage:
        with collector.tracer.start_as_current_span("request") as request:
            run_id = _start(stage.api, traceparent_of(request))
        killed = stage.kill_who_hangs()
        asyncio.run(_finish(collector, url, run_id))
        stage.stop()
    files = Files(tmp_path)
    spans = files.spans + [told(span) for span in collector.spans()]
    _check_spans(spans)
    _check_stretches(spans, run_id)
    _check_one_trace(spans)
    _check_metrics(files, spans, killed)


async def _set_up(url: str) -> None:
    async with App(url, worker=False):
        """The tables are there now."""


def _start(api: str, headers: dict[str, str]) -> str:
    answer = httpx.post(f"{api}/runs", json={"workflow": PARENT}, headers=headers)
    assert answer.status_code == 201, answer.text
    run_id: str = answer.json()["id"]
    return run_id


async def _finish(collector: Collector, url: str, run_id: str) -> None:
    async with App(url, worker=False, instruments=[collector.telemetry()]) as app:
        run = app.get_run(run_id)
        async with asyncio.timeout(30):
            async for event in run.follow():
                if event.kind == "hook_opened":
                    break
            while await run.status() is not RunStatus.SUSPENDED:  # else nothing wakes it
                await asyncio.sleep(0.01)
        with collector.tracer.start_as_current_span("answer"):
            await resume("otel-processes")
        assert await run.result(LIMIT) == "done"
        assert [chunk async for chunk in run.stream()] == [0, 1, 2]


def _own(spans: list[Told]) -> list[Told]:
    return [one for one in spans if one.name not in ("request", "answer")]


def _check_spans(spans: list[Told]) -> None:
    """Each as often as it should be; of commits and claims nobody knows, and of stretches see below."""
    unknown = ("commit", "claim", f"run {PARENT}")
    found = Counter(one.name for one in _own(spans) if not one.name.startswith(unknown))
    assert found == EXPECTED
    check_spans((one.name, one.attributes) for one in _own(spans))


def _check_stretches(spans: list[Told], run_id: str) -> None:
    """Each claim of the run has one span, but for the one whose process was killed."""
    stretches = [one.attributes for one in spans if one.name == f"run {PARENT}"]
    assert {one[names.RUN_ID] for one in stretches} == {run_id}
    epochs = sorted(one[names.RUN_EPOCH] for one in stretches)
    assert len(set(epochs)) == len(epochs)
    assert len(epochs) == epochs[-1] - 1, "that of the killed process is missing"
    outcomes = [
        one[names.OUTCOME] for one in sorted(stretches, key=lambda one: one[names.RUN_EPOCH])
    ]
    assert outcomes[-1] == "completed"
    assert set(outcomes[:-1]) <= {"suspended"}


def _check_one_trace(spans: list[Told]) -> None:
    """All of the run is in the trace of the request, whichever process it was in; what woke it is linked."""
    by_name = {one.name: one for one in spans}
    request, answer, started = (by_name[name] for name in ("request", "answer", f"start {PARENT}"))
    assert started.parent == request.id
    assert by_name["resume hook"].trace == answer.trace
    for one in spans:
        if one.name.startswith(("start", "run", "step", "wait", "write")):
            assert one.trace == request.trace, one
    stretches = [one for one in spans if one.name == f"run {PARENT}"]
    assert {one.parent for one in stretches} == {started.id}
    assert [link for one in stretches for link in one.links] == [by_name["resume hook"].id]
    of_run = {one.id for one in stretches} | {by_name["run otel.p.child"].id, started.id}
    lost = [
        one.attributes[names.STEP_NAME]
        for one in spans
        if one.name.startswith("step ") and one.parent not in of_run
    ]
    assert set(lost) <= {"otel.p.flaky"}, (
        "only the killed stretch has steps without a span above them"
    )


def _check_metrics(files: Files, spans: list[Told], killed: int) -> None:
    ends = {("completed", PARENT): 1, ("completed", CHILD): 1}
    assert files.counts(names.RUN_STARTS) == {(PARENT,): 1, (CHILD,): 1}
    assert files.counts(names.RUN_ENDS) == ends
    assert files.counts(names.RUN_DURATION) == ends
    assert files.counts(names.ATTEMPTS) == ATTEMPTS
    assert files.counts(names.STEP_DURATION) == {
        **{key: 1 for key in ATTEMPTS if key[0] == "completed"},
        ("failed", "otel.p.flaky"): 1,
    }
    assert files.counts(names.WAKE_LAG) == {(PARENT,): 1}
    assert files.counts(names.QUEUE_DELAY)["otel-queue", "step", "otel.p.elsewhere"] == 1
    last = max(one.attributes[names.RUN_EPOCH] for one in spans if one.name == f"run {PARENT}")
    assert files.counts(names.REPLAY_DURATION) == {(PARENT,): last - 1}
    live = [one for one in files.points if one.metric == names.RUN_LIVE]
    assert {(one.process, one.value) for one in live if one.value} == {(killed, 1)}
    for process in {one.process for one in files.points} - {killed}:
        commits = sum(one.process == process and one.name == "commit" for one in spans)
        points = [one for one in files.points if one.process == process]
        assert [one.value for one in points if one.metric == names.COMMIT_SIZE] == [commits]
    found: dict[str, list[dict[str, object]]] = {}
    for point in files.points:
        found.setdefault(point.metric, []).append(point.attributes)
    check_metrics(found, but={names.COMMIT_FAILURES})
