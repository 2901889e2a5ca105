"""What a step does: results, retries, failures, timeouts, threads."""

import asyncio
import functools
import threading
from dataclasses import dataclass
from typing import Any

import pytest

from outlast import (
    App,
    FatalError,
    RetryableError,
    StepFailedError,
    run_info,
    start,
    step,
    step_info,
    workflow,
)
from outlast.errors import (
    DefinitionError,
    DuplicateNameError,
    EncodeError,
    NotAllowedHereError,
    StepTimeoutError,
)
from tests.api.conftest import Bench


@dataclass
class Receipt:
    id: int
    note: str = ""


calls: dict[str, int] = {}


def counted(name: str) -> int:
    calls[name] = calls.get(name, 0) + 1
    return calls[name]


def test_a_step_outside_of_a_run_is_the_plain_function() -> None:
    @step
    async def outside_async(n: int) -> int:
        return n + 1

    @step
    def outside_def(n: int) -> int:
        return n + 2

    assert asyncio.run(outside_async(1)) == 2
    assert asyncio.run(outside_def(1)) == 3
    assert outside_def.fn(1) == 3


def test_results_come_back_as_the_same_type_and_equal(on_app: Bench) -> None:
    @step
    async def make(n: int) -> Receipt:
        return Receipt(n, "thanks")

    @workflow
    async def types(n: int) -> Receipt:
        receipt = await make(n)
        assert isinstance(receipt, Receipt)
        return receipt

    async def scenario(_: App) -> Any:
        return await types(7)

    assert on_app(scenario) == Receipt(7, "thanks")


def test_a_def_step_runs_in_a_thread(on_app: Bench) -> None:
    @step
    def thread_name() -> str:
        return threading.current_thread().name

    @workflow
    async def in_thread() -> str:
        return await thread_name()

    async def scenario(_: App) -> str:
        return await in_thread()

    assert on_app(scenario).startswith("outlast-step")


def test_a_step_does_not_share_its_arguments_with_the_workflow(on_memory: Bench) -> None:
    @step
    async def mutate(items: list[int]) -> int:
        items.append(99)
        return len(items)

    @workflow
    async def keeps_its_own() -> list[int]:
        items = [1]
        await mutate(items)
        return items

    async def scenario(_: App) -> Any:
        return await keeps_its_own()

    assert on_memory(scenario) == [1]


def test_retries_then_succeeds_and_the_log_tells(on_app: Bench) -> None:
    calls.pop("flaky", None)

    @step(retries=3, backoff=0.01)
    async def flaky() -> int:
        if counted("flaky") < 3:
            raise ValueError("not yet")
        return step_info().attempt

    @workflow
    async def retried() -> int:
        return await flaky()

    async def scenario(_: App) -> Any:
        run = await start(retried())
        return await run.result(), await run.steps()

    result, steps = on_app(scenario)
    assert result == 3
    assert [attempt.error for attempt in steps[0].attempts] == [
        "ValueError: not yet",
        "ValueError: not yet",
        None,
    ]
    assert steps[0].status == "completed"


@pytest.mark.parametrize("retries", [0, 2])
def test_out_of_attempts_raises_in_the_workflow_with_the_original(
    on_app: Bench, retries: int
) -> None:
    @step(retries=retries, backoff=[0.001])
    async def broken() -> None:
        try:
            raise KeyError("key")
        except KeyError as error:
            raise ValueError("no luck") from error

    @workflow
    async def catches() -> Any:
        try:
            await broken()
        except StepFailedError as error:
            cause = error.__cause__
            assert isinstance(cause, ValueError)
            assert isinstance(cause.__cause__, KeyError)
            return [
                error.step,
                error.attempts,
                error.error_type,
                error.error_message,
                "no luck" in error.error_traceback,
            ]
        return "not raised"

    async def scenario(_: App) -> Any:
        return await catches()

    name, attempts, kind, message, in_traceback = on_app(scenario)
    assert name.endswith("broken")
    assert (attempts, kind, message, in_traceback) == (retries + 1, "ValueError", "no luck", True)


def test_fatal_is_not_retried(on_memory: Bench) -> None:
    calls.pop("fatal", None)

    @step(retries=5, backoff=0.001)
    async def fatal() -> None:
        counted("fatal")
        raise FatalError("never again")

    @workflow
    async def fatally() -> str:
        try:
            await fatal()
        except StepFailedError as error:
            return type(error.__cause__).__name__
        return "?"

    async def scenario(_: App) -> Any:
        return await fatally()

    assert on_memory(scenario) == "FatalError"
    assert calls["fatal"] == 1


def test_retry_on_decides(on_memory: Bench) -> None:
    calls.pop("picky", None)

    @step(retries=5, backoff=0.001, retry_on=lambda error: "again" in str(error))
    async def picky() -> None:
        raise ValueError("again" if counted("picky") < 3 else "enough")

    @workflow
    async def picks() -> str:
        try:
            await picky()
        except StepFailedError as error:
            return error.error_message
        return "?"

    async def scenario(_: App) -> Any:
        return await picks()

    assert on_memory(scenario) == "enough"
    assert calls["picky"] == 3


def test_retryable_says_when(on_memory: Bench) -> None:
    calls.pop("later", None)

    @step(retries=1, backoff="1h")
    async def later() -> str:
        if counted("later") == 1:
            raise RetryableError("busy", retry_after="20ms")
        return "done"

    @workflow
    async def waits() -> str:
        return await later()

    async def scenario(_: App) -> Any:
        return await waits()

    assert on_memory(scenario) == "done"


def test_an_attempt_has_a_timeout(on_memory: Bench) -> None:
    @step(retries=0, timeout=0.02)
    async def hangs() -> None:
        await asyncio.Event().wait()

    release = threading.Event()

    @step(retries=0, timeout=0.02)
    def blocks() -> None:
        release.wait(10)

    @workflow
    async def limited() -> list[str]:
        found = []
        for each in (hangs, blocks):
            try:
                await each()
            except StepFailedError as error:
                assert isinstance(error.__cause__, StepTimeoutError)
                found.append(str(error.__cause__))
        return found

    async def scenario(_: App) -> Any:
        try:
            return await limited()
        finally:
            release.set()

    in_loop, in_thread = on_memory(scenario)
    assert "longer than 0.02 s" in in_loop
    assert "still runs" in in_thread


def test_what_cannot_be_stored_fails_at_once_and_names_the_path(on_memory: Bench) -> None:
    calls.pop("opaque", None)

    @step(retries=5)
    async def opaque() -> dict[str, Any]:
        counted("opaque")
        return {"items": [1, object()]}

    @step
    async def takes(value: Any) -> None:
        raise AssertionError("never called")

    @workflow
    async def stores() -> list[str]:
        found = []
        try:
            await opaque()
        except StepFailedError as error:
            assert isinstance(error.__cause__, EncodeError)
            found.append(error.__cause__.path)
        try:
            await takes({"deep": {"thing": object()}})
        except EncodeError as error:
            found.append(error.path)
        return found

    async def scenario(_: App) -> Any:
        return await stores()

    result, argument = on_memory(scenario)
    assert result == "$.items[1]"
    assert argument.endswith("deep.thing")
    assert calls["opaque"] == 1


def test_step_and_run_info(on_memory: Bench) -> None:
    @step
    async def who() -> list[Any]:
        return [step_info().id, step_info().name, run_info().id, run_info().workflow]

    @workflow(name="steps.asks")
    async def asks() -> list[Any]:
        return await who()

    async def scenario(_: App) -> Any:
        run = await start(asks(), run_id="me")
        return await run.result()

    step_id, name, run_id, flow = on_memory(scenario)
    assert step_id == f"me/{name}#1"
    assert (run_id, flow) == ("me", "steps.asks")
    with pytest.raises(NotAllowedHereError, match="outside of a step"):
        step_info()


def test_exits_and_odd_errors_of_a_step_are_its_outcome(on_memory: Bench) -> None:
    @step(retries=0)
    async def exits() -> None:
        raise SystemExit(3)

    @step(retries=0)
    async def cancels_itself() -> None:
        raise asyncio.CancelledError

    @workflow
    async def survives() -> list[str]:
        found = []
        for each in (exits, cancels_itself):
            try:
                await each()
            except StepFailedError as error:
                found.append(error.error_type)
        return found

    async def scenario(_: App) -> Any:
        return await survives()

    assert on_memory(scenario) == ["SystemExit", "asyncio.exceptions.CancelledError"]


def test_what_cannot_be_a_step() -> None:
    with pytest.raises(DefinitionError, match="generator"):

        @step
        def many() -> Any:
            yield 1

    with pytest.raises(DefinitionError, match="method"):

        class Shop:
            @step
            async def sell(self) -> None: ...

    with pytest.raises(DefinitionError, match="retries"):
        step(retries=-1)(lambda: None)
    with pytest.raises(DefinitionError, match="must be a function") as told:
        step("charge")  # type: ignore[call-overload]
    assert "name='charge'" in str(told.value)
    with pytest.raises(DefinitionError, match="builtin_function"):
        step(print)


def test_a_decorator_makes_a_step_anew_for_each_call() -> None:
    made = step(name="steps.made_anew", retries=0)

    def answering(answer: str) -> Any:
        @made
        async def say() -> str:
            return answer

        return say

    first, second = answering("one"), answering("two")
    assert [asyncio.run(one()) for one in (first, second)] == ["one", "two"]
    assert first.fn is not second.fn
    assert second.name == "steps.made_anew"
    with pytest.raises(DuplicateNameError):
        made(answering)


def test_a_decorator_looks_anew_at_functions_that_others_have_wrapped() -> None:
    def logged(fn: Any) -> Any:
        @functools.wraps(fn)
        async def logging(*args: Any) -> Any:
            return await fn(*args)

        return logging

    made = step(name="steps.wrapped", retries=0)

    @made
    @logged
    async def one() -> int:
        return 1

    assert asyncio.run(one()) == 1
    with pytest.raises(DuplicateNameError):

        @made
        @logged
        async def another() -> int:
            return 2
