"""What a run with retries, children, a crash and a replay emits is what the docs list, and nothing twice."""

import asyncio
from pathlib import Path

import pytest
from opentelemetry.trace import get_current_span

from outlast import (
    App,
    RetryableError,
    WorkerOptions,
    hook,
    resume,
    sleep,
    start,
    step,
    workflow,
    writable,
)
from outlast._clock import Clock
from outlast.instrument import Instrument, Tracer
from outlast.otel import OpenTelemetry, names
from outlast.otel.genai import gen_ai_attributes
from outlast.testing import Signals, SkippingClock, crash
from tests.otel.collecting import Collector, attributes, span_id, trace_id
from tests.otel.documented import check_metrics, check_spans, table

current: dict[str, list[int]] = {}
"""The spans that were current in steps, by the name of the step."""


def note(name: str) -> int:
    noted = current.setdefault(name, [])
    noted.append(get_current_span().get_span_context().span_id)
    return len(noted)


@step(name="otel.flaky", retries=1, backoff="10s")
async def flaky() -> None:
    if note("flaky") == 1:
        raise RetryableError("once more")


@step(name="otel.threaded")
def threaded() -> None:
    note("threaded")


@step(name="otel.stuck")
async def stuck() -> None:
    if note("stuck") == 1:
        await asyncio.Event().wait()


@step(name="otel.writes")
async def writes() -> None:
    async with writable() as out:
        for number in range(3):
            await out.write(number)


@step(name="otel.elsewhere", queue="otel-queue")
async def elsewhere() -> None:
    note("elsewhere")


@workflow(name="otel.child")
async def child() -> None:
    await threaded()


@workflow(name="otel.parent")
async def parent() -> str:
    await flaky()
    await child()
    await stuck()
    await writes()
    await elsewhere()
    await hook(token="otel-go")
    await sleep("3 days")
    return "done"


EXPECTED = {
    "request": 1,
    "answer": 1,
    "start otel.parent": 1,
    "start otel.child": 1,
    "run otel.child": 1,
    "step otel.flaky": 2,
    "step otel.threaded": 1,
    "step otel.stuck": 2,  # the one that the crash has cut off, as it was cancelled and not killed
    "step otel.writes": 1,
    "step otel.elsewhere": 1,
    "write stream": 1,
    "read stream": 1,
    "resume hook": 1,
    "wait": 1,
}


async def _play(collector: Collector, url: str) -> str:
    """The scenario: two lives of a process."""
    clock, options = SkippingClock(), WorkerOptions(queues=("default", "otel-queue"))

    def app(signals: Signals) -> App:
        instruments: list[Instrument] = [signals, collector.telemetry()]
        return App(url, clock=clock, options=options, instruments=instruments)

    first, second = Signals(), Signals()
    async with app(first) as doomed:
        with collector.tracer.start_as_current_span("request"):
            run = await start(parent())
        await first.wait_for("attempt_started", run_id=run.id, step_id="otel.stuck#1")
        await crash(doomed)
    async with app(second) as open_app:
        run = open_app.get_run(run.id)
        await second.wait_for("run_suspended", run_id=run.id)
        with collector.tracer.start_as_current_span("answer"):
            await resume("otel-go")
        assert await run.result() == "done"
        assert [chunk async for chunk in run.stream()] == [0, 1, 2]
    return run.id


def test_a_run_with_retries_children_a_crash_and_a_replay(
    collector: Collector, tmp_path: Path
) -> None:
    current.clear()
    run_id = asyncio.run(_play(collector, f"sqlite:///{tmp_path / 'otel.db'}"))
    found = collector.span_names()
    stretches = collector.spans("run otel.parent")
    assert found.pop("run otel.parent") == len(stretches) >= 3
    assert found == EXPECTED
    outcomes = [attributes(one)[names.OUTCOME] for one in stretches]
    assert outcomes[-1] == "completed"
    assert sorted(set(outcomes)) == ["completed", "released", "suspended"]
    assert outcomes.count("released") == 1, "by the crash, which here is none of the interpreter's"
    _check_one_trace(collector, run_id)
    _check_currents(collector)
    _check_metrics(collector, len(stretches))
    _check_documented(collector)


def _check_one_trace(collector: Collector, run_id: str) -> None:
    """All of the run, and of its child, is in the trace of the request; what woke it is linked."""
    [request], [answer] = collector.spans("request"), collector.spans("answer")
    [started] = collector.spans("start otel.parent")
    assert started.parent is not None
    assert started.parent.span_id == span_id(request)
    for beginning in ("start ", "run ", "step ", "wait", "write "):
        assert {trace_id(span) for span in collector.spans(beginning)} == {trace_id(request)}
    for stretch in collector.spans("run otel.parent"):
        assert stretch.parent is not None
        assert stretch.parent.span_id == span_id(started)
        assert attributes(stretch)[names.RUN_ID] == run_id
    [resumed] = collector.spans("resume")
    assert trace_id(resumed) == trace_id(answer)
    linked = [
        link.context.span_id for one in collector.spans("run otel.parent") for link in one.links
    ]
    assert linked == [span_id(resumed)]


def _check_currents(collector: Collector) -> None:
    """The span of an attempt was current in its code: in coroutines, in threads, and on other workers."""
    for name in ("flaky", "threaded", "stuck", "elsewhere"):
        spans = collector.spans(f"step otel.{name}")
        assert sorted(map(span_id, spans)) == sorted(current[name])
    first, second = collector.spans("step otel.flaky")
    assert attributes(first)[names.ERROR_TYPE] == "outlast.errors.RetryableError"
    assert [event.name for event in first.events] == ["exception"]
    assert attributes(second)[names.OUTCOME] == "completed"
    [wait] = collector.spans("wait")
    assert wait.end_time is not None
    assert wait.start_time is not None
    assert wait.end_time - wait.start_time >= 3 * 86_400 * 10**9


def _check_metrics(collector: Collector, stretches: int) -> None:
    assert collector.counts(names.RUN_STARTS) == {("otel.parent",): 1, ("otel.child",): 1}
    ends = {("completed", "otel.parent"): 1, ("completed", "otel.child"): 1}
    assert collector.counts(names.RUN_ENDS) == ends
    assert collector.counts(names.RUN_DURATION) == ends
    assert set(collector.counts(names.RUN_LIVE).values()) == {0}
    assert collector.counts(names.REPLAY_DURATION)["otel.parent",] == stretches - 1
    assert collector.counts(names.ATTEMPTS) == {
        ("retried", "otel.flaky"): 1,
        ("completed", "otel.flaky"): 1,
        ("completed", "otel.threaded"): 1,
        ("completed", "otel.stuck"): 1,
        ("completed", "otel.writes"): 1,
        ("completed", "otel.elsewhere"): 1,
    }
    assert collector.counts(names.STEP_DURATION)["cancelled", "otel.stuck"] == 1
    assert collector.counts(names.WAKE_LAG) == {("otel.parent",): 1}
    assert collector.counts(names.QUEUE_DELAY)["otel-queue", "step", "otel.elsewhere"] == 1
    delays = collector.metrics()[names.QUEUE_DELAY]
    assert max(point.max for point in delays) < 60, "none has the three days of the wait in it"
    commits = len(collector.spans("commit"))
    assert collector.counts(names.COMMIT_SIZE) == {(): commits}
    assert collector.counts(names.COMMIT_DURATION) == {(): commits}


def _check_documented(collector: Collector) -> None:
    """Each span and each point has the attributes of its row."""
    check_spans(
        (span.name, attributes(span))
        for span in collector.spans()
        if span.name not in ("request", "answer")
    )
    points = {
        name: [point.attributes for point in points] for name, points in collector.metrics().items()
    }
    check_metrics(points, but={names.COMMIT_FAILURES})


def test_the_page_lists_every_name_of_the_code() -> None:
    said = {*table("Metrics"), *table("Attributes")}
    known = {value for name, value in vars(names).items() if name.isupper() and "." in value}
    assert said == known
    used = [*table("Spans").values(), *table("Metrics").values()]
    assert {name.rstrip("?") for row in used for name in row} == set(table("Attributes"))
    spans = {row.partition(" {")[0].partition(" hook")[0] for row in table("Spans")}
    others = {value for name, value in vars(names).items() if name.isupper() and "." not in value}
    assert spans == others - {names.SCOPE}


def test_a_run_that_was_started_without_telemetry_is_one_trace(
    collector: Collector, tmp_path: Path
) -> None:
    async def play() -> None:
        url = f"sqlite:///{tmp_path / 'plain.db'}"
        async with App(url, worker=False):
            await start(child(), run_id="otel-plain")
        async with App(url, instruments=[collector.telemetry()]) as app:
            await app.get_run("otel-plain").result("20s")

    asyncio.run(play())
    assert len({trace_id(span) for span in collector.spans("run ")}) == 1
    [attempt], [stretch] = collector.spans("step"), collector.spans("run")
    assert attempt.parent is not None
    assert attempt.parent.span_id == span_id(stretch)
    assert trace_id(attempt) == trace_id(stretch)


def test_without_an_sdk_it_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    async def play() -> None:
        async with App("memory://", instruments=[OpenTelemetry()]) as app:
            assert app.runtime.observers.tracer is None
            run = await start(child())
            await run.result("20s")
            assert (await run.events())[0].data.get("trace") is None

    asyncio.run(play())
    assert "no telemetry is emitted" in caplog.text


def test_an_app_that_is_opened_again_looks_again_for_an_sdk() -> None:
    class Late(Tracer):
        opened = 0

        def opens(self, clock: Clock) -> bool:
            self.opened += 1
            return self.opened > 1

    async def play() -> list[object]:
        app = App("memory://", instruments=[late])
        async with app:
            first = app.runtime.observers.tracer
        async with app:
            return [first, app.runtime.observers.tracer]

    late = Late()
    assert asyncio.run(play()) == [None, late]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "weather__model.request_stream",
            {"gen_ai.operation.name": "chat", "gen_ai.agent.name": "weather"},
        ),
        (
            "weather__toolset__maps.call_tool:locate",
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.agent.name": "weather",
                "gen_ai.tool.name": "locate",
            },
        ),
        ("charge", {}),
    ],
)
def test_steps_of_agents(name: str, expected: dict[str, str]) -> None:
    assert gen_ai_attributes(name) == expected
