"""Hooks: runs that wait for the outside."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator
from typing import Annotated, Any, Literal, cast

import pytest
from pydantic import BaseModel, Discriminator

from outlast import App, Run, WorkerOptions, hook, resume, sleep, start, step, workflow
from outlast.errors import (
    HookConflictError,
    HookExpiredError,
    HookNotFoundError,
    HookPayloadError,
    NotAllowedHereError,
)
from outlast.instrument import Instrument
from tests.api.conftest import Bench, outcome


class Approval(BaseModel):
    """A decision."""

    by: str
    approved: bool


class Suspended(Instrument):
    """Tells when a run has left memory."""

    def __init__(self) -> None:
        self.seen = asyncio.Event()

    def run_suspended(self, run_id: str) -> None:
        self.seen.set()


told: asyncio.Queue[str]


@pytest.fixture(autouse=True)
def fresh_tokens() -> None:
    global told
    told = asyncio.Queue()


@step(name="hooks.tell")
async def tell(token: str) -> None:
    told.put_nowait(token)


@workflow
async def approved() -> tuple[str, bool]:
    waiting = hook(Approval, metadata={"order": 7})
    await tell(waiting.token)
    approval = await waiting
    return approval.by, approval.approved


@workflow
async def two_payloads(token: str) -> list[Any]:
    waiting = hook(token=token)
    return [await waiting, await waiting]


@workflow
async def conversation(token: str) -> list[str]:
    said: list[str] = []
    async with hook(str, token=token) as talk:
        async for text in talk:
            if text == "bye":
                break
            said.append(text)
    return said


def test_a_payload_arrives_as_its_type(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(approved())
        token = await told.get()
        assert len(token) == 24
        assert await resume(token, {"by": "Ada", "approved": True}) == run.id
        return await run.result()

    assert on_app(scenario) == ("Ada", True)


def test_a_suspended_run_is_woken(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(approved())
        token = await told.get()
        await suspended.seen.wait()
        (waiting,) = (await run.info()).waiting
        assert (waiting.kind, waiting.id) == ("hook", "hook#1")
        await resume(token, Approval(by="Ada", approved=False))
        return await run.result()

    suspended = Suspended()
    options = WorkerOptions(linger=0, verify_replay=True)
    assert on_app(scenario, options=options, instruments=(suspended,)) == ("Ada", False)


def test_what_does_not_fit_resumes_nothing(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(approved())
        token = await told.get()
        with pytest.raises(
            HookPayloadError, match=r"approved: Input should be a valid boolean"
        ) as caught:
            await resume(token, {"by": "Ada", "approved": "perhaps"})
        assert caught.value.problems
        assert token not in str(caught.value)
        with pytest.raises(HookPayloadError):
            await resume(token, object())
        assert await _received(run) == []
        await resume(token, {"by": "Ada", "approved": True})
        return await run.result()

    assert on_app(scenario) == ("Ada", True)


def test_a_hook_can_be_looked_at(on_app: Bench) -> None:
    async def scenario(app: App) -> None:
        run = await start(approved())
        token = await told.get()
        info = await app.get_hook(token)
        assert (info.run_id, info.id, info.kind, info.metadata) == (
            run.id,
            "hook#1",
            "hook",
            {"order": 7},
        )
        assert info.schema is not None
        assert info.schema["required"] == ["by", "approved"]
        assert (await app.list_hooks(run.id)).hooks == (info,)
        assert (await app.list_hooks("other")).hooks == ()
        recorded = [event.data for event in await run.events() if event.kind[:4] != "step"]
        assert all(token not in str(data) and "secret" not in data for data in recorded)
        await run.cancel()
        await outcome(run)
        with pytest.raises(HookNotFoundError):
            await app.get_hook(token)
        with pytest.raises(HookNotFoundError):
            await app.resume(token, {"by": "Ada", "approved": True})
        for never in ("", "a\0b", "x" * 501):
            with pytest.raises(HookNotFoundError):
                await resume(never)

    on_app(scenario)


def test_without_a_schema_values_arrive_as_they_are(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(two_payloads("values"))
        await _opened(app, "values")
        await resume("values", {"a": (1, b"bytes")})
        await resume("values")
        return await run.result()

    assert on_app(scenario) == [{"a": (1, b"bytes")}, None]


def test_payloads_are_kept_while_nobody_waits_and_come_in_order(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(conversation("talk"))
        await _opened(app, "talk")
        for text in ("one", "two", "three", "bye"):
            await resume("talk", text)
        return await run.result()

    assert on_app(scenario) == ["one", "two", "three"]


def test_a_key_is_delivered_once(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(two_payloads("keys"))
        await _opened(app, "keys")
        for _ in range(3):
            assert await resume("keys", 1, key="first") == run.id
        await resume("keys", 2, key="second")
        return await run.result()

    assert on_app(scenario) == [1, 2]


@workflow
async def claims_token() -> str:
    mine = hook(token="taken")
    if (owner := await mine.conflict()) is not None:
        try:
            await mine
        except HookConflictError as error:
            assert error.run_id == owner.id
            return owner.id
    return str(await mine)


def test_of_two_hooks_with_one_token_one_is_told_of_the_other(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        first = await start(claims_token(), run_id="first")
        await _opened(app, "taken")
        second: Run[str] = await start(claims_token(), run_id="second")
        assert await second.result() == "first"
        await resume("taken", "done")
        assert await first.result() == "done"
        third = await start(claims_token())
        await _opened(app, "taken")
        await resume("taken", "free again")
        return await third.result()

    assert on_app(scenario) == "free again"


@workflow
async def reopens() -> list[int]:
    taken: list[int] = []
    for _ in range(3):
        async with hook(int, token="again") as one:
            taken.append(await one)
    dropped = hook(token="again")
    dropped.dispose()
    dropped.dispose()
    last = hook(int, token="again")
    assert await last.conflict() is None
    taken.append(await last)
    return taken


def test_a_disposed_token_can_be_taken_at_once(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(reopens())
        for number, ref in enumerate(("hook#1", "hook#2", "hook#3", "hook#5")):
            while [one.id for one in (await app.list_hooks()).hooks] != [ref]:
                await asyncio.sleep(0.005)
            await resume("again", number)
        return await run.result()

    assert on_app(scenario, options=WorkerOptions(verify_replay=True)) == [0, 1, 2, 3]


@workflow
async def awaits_disposed() -> None:
    one = hook()
    one.dispose()
    await one


@workflow
async def expires(expiry: float) -> str:
    one = hook(int, token="expiring", expires=expiry)
    taken = 0
    try:
        while True:
            taken += await one
    except HookExpiredError as error:
        return f"{error.hook}: {taken}"


def test_a_hook_expires(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(expires(0.3))
        info = await _opened(app, "expiring")
        assert info.expires_at is not None
        await resume("expiring", 4)
        assert await run.result() == "hook#1: 4"
        with pytest.raises(HookNotFoundError):
            await resume("expiring", 5)

    on_app(scenario)
    on_app(scenario, options=WorkerOptions(linger=0, verify_replay=True))


@workflow
async def raced() -> list[str]:
    won: list[str] = []
    for number in range(2):
        one = hook(str, token=f"race-{number}")
        try:
            async with asyncio.timeout(0.05 if number else 60):
                won.append(await one)
        except TimeoutError:
            won.append("time")
            one.dispose()
    return won


def test_a_hook_can_be_raced_with_time(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(raced())
        await _opened(app, "race-0")
        await resume("race-0", "payload")
        return await run.result()

    assert on_app(scenario, options=WorkerOptions(verify_replay=True)) == ["payload", "time"]


@workflow
async def first_of_three() -> str:
    hooks = [hook(str, token=f"of-three-{number}") for number in range(3)]
    tasks = [asyncio.ensure_future(one) for one in hooks]
    done, pending = await asyncio.wait(
        [*tasks, asyncio.ensure_future(sleep(60))], return_when="FIRST_COMPLETED"
    )
    for task in pending:
        task.cancel()
    return "".join([str(task.result()) for task in done])


def test_hooks_can_be_raced_with_one_another(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(first_of_three())
        await _opened(app, "of-three-2")
        await resume("of-three-1", "b")
        return await run.result()

    assert on_app(scenario, options=WorkerOptions(verify_replay=True)) == "b"


@workflow
async def misuses(how: str) -> str:
    try:
        if how == "resume":
            await resume("x")
        elif how == "token":
            hook(token="")
        elif how == "metadata":
            hook(metadata={"a": object()})
        elif how == "schema":
            hook(asyncio.Event)
        elif how == "no union":
            hook(Annotated[int, Discriminator("kind")])
        elif how == "no type":
            hook({"approved": bool})
        elif how == "function":
            hook(fresh_tokens)
        elif how == "no mapping":
            hook(metadata=cast(Any, ["a"]))
    except Exception as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("resume", "NotAllowedHereError"),
        ("token", "ValueError"),
        ("metadata", "EncodeError"),
        ("schema", "DefinitionError"),
        ("no union", "DefinitionError"),
        ("no type", "DefinitionError"),
        ("function", "DefinitionError"),
        ("no mapping", "DefinitionError"),
    ],
)
def test_what_cannot_be_is_refused(on_memory: Bench, how: str, error: str) -> None:
    async def scenario(app: App) -> Any:
        return await (await start(misuses(how))).result()

    assert on_memory(scenario) == error


def test_a_hook_is_for_workflow_code(on_memory: Bench) -> None:
    with pytest.raises(NotAllowedHereError, match=r"hook\(\)"):
        hook()

    async def scenario(app: App) -> Any:
        return await outcome(await start(awaits_disposed()))

    assert "disposed" in str(on_memory(scenario))


@workflow
async def chooses() -> str:
    return str(await hook(Literal["yes", "no"], token="choice"))


def test_a_type_without_a_name_is_checked_by_its_json_schema(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(chooses())
        await _opened(app, "choice")
        with pytest.raises(HookPayloadError, match="'perhaps' is not one of"):
            await resume("choice", "perhaps")
        await resume("choice", "yes")
        return await run.result()

    assert on_app(scenario) == "yes"


async def _opened(app: App, token: str) -> Any:
    while True:
        try:
            return await app.get_hook(token)
        except HookNotFoundError:
            await asyncio.sleep(0.005)


async def _received(run: Run[Any]) -> list[Any]:
    return [event for event in await run.events() if event.kind == "hook_received"]


@workflow
async def collects(token: str, count: int) -> list[Any]:
    return [value async for value in _take(hook(token=token), count)]


async def _take(values: AsyncIterable[Any], count: int) -> AsyncIterator[Any]:
    async for value in values:
        yield value
        if (count := count - 1) == 0:
            return


def test_a_start_with_a_payload_starts_or_delivers(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        first = await start(collects("order:7", 5), token="order:7", payload=None)
        second = await app.start(collects("order:7", 5), token="order:7", payload=2)
        assert second == first
        await resume("order:7", {"three": 3})
        for _ in range(2):
            third = await start(
                collects("order:7", 5), idempotency_key="key", token="order:7", payload=4
            )
            assert third == first
        await resume("order:7", 5)
        assert await first.result() == [None, 2, {"three": 3}, 4, 5]
        anew = await start(collects("order:7", 1), token="order:7", payload="anew")
        assert anew != first
        return await anew.result()

    assert on_app(scenario) == ["anew"]
    assert on_app(scenario, options=WorkerOptions(linger=0, verify_replay=True)) == ["anew"]


def test_the_payload_of_a_start_must_fit_the_live_hook(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(chooses(), token="choice", payload="no")
        other = await start(chooses(), run_id="other", token="elsewhere", payload=1)
        assert await run.result() == "no"
        await other.cancel()
        await outcome(other)
        await start(chooses())
        await _opened(app, "choice")
        with pytest.raises(HookPayloadError) as refused:
            await start(chooses(), token="choice", payload="perhaps")
        assert "resumed" not in str(refused.value)
        with pytest.raises(ValueError, match="together"):
            await start(chooses(), token="choice")
        return len((await app.list_runs()).runs)

    assert on_app(scenario) == 3


def test_what_a_start_brought_may_not_fit(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        return await outcome(await start(chooses(), token="choice", payload="perhaps"))

    assert isinstance(on_app(scenario).__cause__, HookPayloadError)


class Line(BaseModel):
    """A part of a nested schema."""

    amount: int


@workflow
async def takes_lines() -> int:
    lines = await hook(list[Line], token="lines")
    return sum(line.amount for line in lines)


def test_a_nested_type_without_a_name_is_checked_too(on_app: Bench) -> None:
    async def scenario(app: App) -> Any:
        run = await start(takes_lines())
        await _opened(app, "lines")
        with pytest.raises(HookPayloadError, match=r"1\.amount: Input should be a valid integer"):
            await resume("lines", [{"amount": 1}, {"amount": "two"}])
        await resume("lines", [Line(amount=1), {"amount": 2}])
        return await run.result()

    assert on_app(scenario) == 3
