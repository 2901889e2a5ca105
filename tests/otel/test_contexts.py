"""One trace across processes: from requests into runs, from steps into the clients that they use, and on."""

import asyncio
from typing import Any

import httpx
import pytest
from opentelemetry.propagate import inject
from opentelemetry.trace import (
    INVALID_SPAN,
    StatusCode,
    format_span_id,
    format_trace_id,
    use_span,
)

from outlast import App, get_run, hook, start, step, webhook, workflow
from outlast._webhooks.tokens import PATH
from outlast.errors import EncodeError, RunFailedError
from outlast.http import Role, asgi
from outlast.otel import names
from tests.otel.collecting import Collector, attributes, span_id, trace_id

TRACE, SENDER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SENT = {"traceparent": f"00-{TRACE}-{SENDER}-01"}
API = "http://other.example/api/v1"


async def everybody(_request: object) -> Role:
    return Role.OPERATE


def client_of(app: App) -> httpx.AsyncClient:
    """A client of its HTTP API, which sends the current trace along, as an instrumented one does."""

    async def send_trace(request: httpx.Request) -> None:
        inject(request.headers)

    transport = httpx.ASGITransport(asgi(app, access=everybody))
    return httpx.AsyncClient(transport=transport, event_hooks={"request": [send_trace]})


others: list[httpx.AsyncClient] = []
"""The client of the other deployment."""


@workflow(name="otel.contexts.away")
async def away() -> str:
    return "done there"


@step(name="otel.contexts.call")
async def call() -> str:
    answer = await others[-1].post(f"{API}/runs", json={"workflow": "otel.contexts.away"})
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


@workflow(name="otel.contexts.near")
async def near() -> str:
    return await call()


def test_from_a_step_through_its_client_into_the_run_of_another_deployment(
    collector: Collector,
) -> None:
    async def play() -> str:
        other = App("memory://", instruments=[collector.telemetry()])
        async with other, client_of(other) as client:
            others.append(client)
            async with App("memory://", instruments=[collector.telemetry()]):
                with collector.tracer.start_as_current_span("request"):
                    run = await start(near())
                run_id = await run.result("20s")
            await other.get_run(run_id).result("20s")
            return run_id

    run_id = asyncio.run(play())
    [request], [attempt] = collector.spans("request"), collector.spans("step")
    [started] = collector.spans("start otel.contexts.away")
    [stretch] = collector.spans("run otel.contexts.away")
    assert started.parent is not None
    assert started.parent.span_id == span_id(attempt)
    assert attributes(stretch)[names.RUN_ID] == run_id
    assert {trace_id(span) for span in (attempt, started, stretch)} == {trace_id(request)}


@workflow(name="otel.contexts.waiting")
async def waiting() -> None:
    await webhook()


def test_what_comes_over_http_is_in_the_trace_of_the_sender(collector: Collector) -> None:
    async def play() -> None:
        app = App("memory://", instruments=[collector.telemetry()])
        app_client = client_of(app)
        async with app, app_client as client:
            run = await start(waiting())
            token = (await _opened(app, run.id)).token
            answer = await client.post(f"http://other.example{PATH}{token}", headers=SENT)
            assert answer.status_code == 202, answer.text
            await run.result("20s")
            body = {"workflow": "otel.contexts.away", "run_id": "sent"}
            assert (await client.post(f"{API}/runs", json=body, headers=SENT)).status_code == 201
            await get_run("sent").result("20s")
            again = await client.post(f"{API}/runs/sent/rerun", json={}, headers=SENT)
            await get_run(again.json()["id"]).result("20s")

    asyncio.run(play())
    [resumed] = collector.spans("resume")
    started, again = collector.spans("start otel.contexts.away")
    for span in (resumed, started, again):
        assert span.parent is not None
        assert format_trace_id(trace_id(span)) == TRACE
        assert format_span_id(span.parent.span_id) == SENDER
    stretches = collector.spans("run otel.contexts.away")
    assert [format_trace_id(trace_id(one)) for one in stretches] == [TRACE, TRACE]
    assert collector.counts(names.RUN_STARTS)["otel.contexts.away",] == 2
    waited = collector.spans("run otel.contexts.waiting")
    assert [link.context.span_id for one in waited for link in one.links] == [span_id(resumed)]


async def _opened(app: App, run_id: str, hooks: int = 1) -> Any:
    """A hook of the run, when as many are there."""
    opened = 0
    async with asyncio.timeout(20):
        async for event in app.get_run(run_id).follow():
            opened += event.kind == "hook_opened"
            if opened == hooks:
                break
    return (await app.list_hooks(run_id=run_id)).hooks[0]


@workflow(name="otel.contexts.first")
async def first(payloads: int) -> list[Any]:
    async with hook(token="otel-first") as opened:
        return [await opened for _ in range(payloads)]


def test_a_payload_that_comes_with_a_start_is_resumed_with(collector: Collector) -> None:
    async def play() -> list[str]:
        async with App("memory://", instruments=[collector.telemetry()]) as app:
            with collector.tracer.start_as_current_span("request"):
                run = await start(first(2), token="otel-first", payload=1)
            await _opened(app, run.id)
            with collector.tracer.start_as_current_span("again"):
                same = await start(first(2), token="otel-first", payload=2)
            assert await run.result("20s") == [1, 2]
            return [run.id, same.id]

    run_id, same = asyncio.run(play())
    assert run_id == same
    [request], [again] = collector.spans("request"), collector.spans("again")
    before, behind = collector.spans("resume")
    assert [trace_id(before), trace_id(behind)] == [trace_id(request), trace_id(again)]
    assert attributes(before) == {names.RUN_ID: run_id, names.OUTCOME: "received"}
    assert attributes(behind) == {**attributes(before), names.HOOK_ID: "hook#1"}
    created, existing = collector.spans("start")
    assert [attributes(one)[names.OUTCOME] for one in (created, existing)] == [
        "created",
        "existing",
    ]
    assert attributes(existing)[names.RUN_ID] == run_id
    links = [link.context.span_id for one in collector.spans("run") for link in one.links]
    assert links == [span_id(before), span_id(behind)]


@workflow(name="otel.contexts.anything")
async def anything(given: Any) -> None:
    """Never begun."""


def test_a_start_that_fails_ends_its_span(collector: Collector) -> None:
    async def play() -> None:
        async with App("memory://", instruments=[collector.telemetry()]):
            with pytest.raises(EncodeError):
                await start(anything(object()))

    asyncio.run(play())
    [span] = collector.spans("start")
    assert attributes(span)[names.OUTCOME] == "failed"


class SilentError(Exception):
    """Cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@step(name="otel.contexts.silent", retries=0)
async def silent() -> None:
    raise SilentError


@workflow(name="otel.contexts.hears")
async def hears() -> None:
    await silent()


def test_an_error_that_cannot_be_told_ends_its_span_nevertheless(collector: Collector) -> None:
    async def play() -> None:
        async with App("memory://", instruments=[collector.telemetry()]):
            with pytest.raises(RunFailedError):
                await (await start(hears())).result("20s")

    asyncio.run(play())
    [span] = collector.spans("step otel.contexts.silent")
    assert span.status.status_code is StatusCode.ERROR
    assert attributes(span)[names.ERROR_TYPE] == f"{__name__}.SilentError"
    assert collector.counts("outlast.step.duration") == {("failed", "otel.contexts.silent"): 1}
    [stretch] = collector.spans("run otel.contexts.hears")
    assert attributes(stretch)[names.ERROR_TYPE] == "outlast.errors.StepFailedError"
    assert "'otel.contexts.silent'" in str(stretch.status.description)
    [event] = stretch.events
    assert "await silent()" in str((event.attributes or {})["exception.stacktrace"])


async def waiting_in_a_span(token: str) -> None:
    with use_span(INVALID_SPAN):
        await hook(token=token)


@workflow(name="otel.contexts.spanning")
async def spanning() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(waiting_in_a_span("otel-spanning"))
        await waiting_in_a_span("otel-spanning-too")


def test_code_that_leaves_memory_in_a_span_leaves_its_context(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play() -> None:
        async with App("memory://") as app:
            run = await start(spanning())
            await _opened(app, run.id, 2)

    asyncio.run(play())
    assert caplog.records == []
