"""Chats of hand-written loops: with one run for each session, and with one for each turn."""

import asyncio
from collections.abc import Callable

import pytest

from outlast import App, get_run
from outlast.agents.ui import ChatApp, chat_app
from tests.agents.ui.conftest import Form, OnChat, Site, approved, said, shown
from tests.agents.ui.loops import HOLD, answer, careful, chat, failing, stopped

Make = Callable[[App], ChatApp]


def by_session(app: App) -> ChatApp:
    return chat_app(app, session=chat, linger=0)


def by_turn(app: App) -> ChatApp:
    return chat_app(app, turn=answer, linger=0)


@pytest.fixture(params=[by_session, by_turn], ids=["a run a session", "a run a turn"])
def make(request: pytest.FixtureRequest) -> Make:
    failing["left"] = 0
    chosen: Make = request.param
    return chosen


def text(chunks: list[Form]) -> str:
    return "".join(one.get("text", "") for one in shown(chunks))


def test_a_message_is_answered(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        told = await client.say("hello")
        assert told.headers["x-vercel-ai-ui-message-stream"] == "v1"
        assert told.headers["content-type"].startswith("text/event-stream")
        assert [one["type"] for one in told.chunks] == [
            *("start", "start-step", "text-start"),
            *["text-delta"] * 4,
            *("text-end", "finish-step", "finish"),
        ]
        assert told.chunks[0]["messageId"] == told.reply
        assert text(told.chunks) == "You said hello. Right?"
        assert (await client.resume()).status == 204
        assert text((await client.say("more", "u2")).chunks) == "You said more. Right?"

    on_chat(make, scenario)


def test_whoever_comes_back_gets_the_rest(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        failing["left"] = 2
        client = site.client()
        told = await client.say("hello")
        assert [one["type"] for one in told.chunks].count("reset-step") == 2
        assert text(told.chunks) == "You said hello. Right?"
        for k in range(len(told.chunks)):
            rest = await client.resume(told.place, k)
            assert told.chunks[:k] + rest.chunks == told.chunks, k
        beyond = await client.resume(told.place, len(told.chunks) + 3)
        assert [one["type"] for one in beyond.chunks] == ["finish"]

    on_chat(make, scenario)


def test_an_index_below_zero_counts_from_the_end(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        failing["left"] = 1
        client = site.client()
        told = await client.say("hello")
        total = len(told.chunks)
        for n in range(1, total + 3):
            last = await client.resume(told.place, -n)
            assert last.headers["x-workflow-stream-tail-index"] == str(total - 1)
            assert last.chunks == told.chunks[-n:], n
        assert "reset-step" in {one["type"] for one in told.chunks}

    on_chat(make, scenario)


def test_whoever_comes_while_it_is_told_gets_the_rest_too(make: Make, on_chat: OnChat) -> None:
    """From each index, above zero and below, before the answer is finished and before there are so many chunks."""

    async def scenario(site: Site) -> None:
        failing["left"] = 1
        HOLD.reset()
        client = site.client()
        telling = asyncio.ensure_future(client.say("hello"))
        await HOLD.held.wait()
        [info] = (await site.app.list_runs()).runs
        [reply] = [one async for one in get_run(info.id).stream("turns", follow=False)]
        place = f"c1~{reply['reply']}~0"
        tail = (await get_run(info.id).stream_info(f"message:{reply['reply']}")).tail
        coming = [asyncio.ensure_future(client.resume(place, k)) for k in range(tail + 8)]
        below = [asyncio.ensure_future(client.resume(place, -n)) for n in range(1, tail + 3)]
        while len(site.http.readers) < 1 + len(coming) + len(below):
            await asyncio.sleep(0)
        HOLD.go.set()
        told = await telling
        assert len(told.chunks) > tail + 3
        for k, one in enumerate(coming):
            assert told.chunks[:k] + (await one).chunks == told.chunks, k
        for n, one in enumerate(below, 1):
            first = max(0, tail + 1 - n)
            assert (await one).headers["x-workflow-stream-tail-index"] == str(tail)
            assert (await one).chunks == told.chunks[first:], n

    on_chat(make, scenario)


def test_sent_again_it_is_the_same_answer(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        first, again = await client.say("hello"), await client.say("hello")
        assert first.chunks == again.chunks

    on_chat(make, scenario)


def test_an_answer_is_regenerated(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        first = await client.say("hello")
        other = await client.post(said("hello", "u1"), trigger="regenerate-message")
        assert other.reply != first.reply
        assert text(other.chunks) == text(first.chunks)
        without = await client.post(said("hello", "u1"))  # as `WorkflowChatTransport` sends it
        assert without.reply not in (first.reply, other.reply)

    on_chat(make, scenario)


def test_the_chat_of_a_client_that_names_none(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        first = await client.post(said("hello", "u1"), chat=None)
        assert text(first.chunks) == "You said hello. Right?"
        second = await client.post(said("hello", "u1"), said("more", "u2"), chat=None)
        assert text(second.chunks) == "You said more. Right?"
        assert second.place.startswith("u1~")
        idle = await client.resume("unknown", 0)
        assert [one["type"] for one in idle.chunks] == ["finish"]

    on_chat(make, scenario)


def test_one_run_for_each_turn_goes_on_from_the_one_before(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        await client.say("a", "u1")
        await client.say("b", "u2")
        await client.post(said("b", "u2"), trigger="regenerate-message")
        newest = (await site.app.list_runs(limit=1)).runs[0]
        assert await site.app.get_run(newest.id).result() == ["a", "b"]

    on_chat(by_turn, scenario)


@pytest.mark.parametrize("yes", [True, False])
def test_an_approval_in_a_loop(yes: bool, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        client = site.client()
        first = await client.say("pay")
        assert [one["type"] for one in first.chunks][-2:] == ["tool-approval-request", "finish"]
        verdict = {"id": f"{first.reply}.call", "approved": yes, "reason": "so"}
        rest = await client.post(approved(first.reply, verdict))
        (told,) = shown([*first.chunks, *rest.chunks])[1:]
        assert told == {"call": "call", "input": {}} | (
            {"output": "paid"} if yes else {"denied": True}
        )
        assert rest.chunks[0] == {
            "type": "tool-approval-response",
            "approvalId": verdict["id"],
            "approved": yes,
            "reason": "so",
        }
        assert ({"type": "data-why", "data": {"reason": "so"}} in rest.chunks) is not yes
        assert (await client.post(approved(first.reply, verdict))).status == 409

    on_chat(lambda app: chat_app(app, turn=careful), scenario)


def test_a_stop_that_comes_before_the_block_is_entered(on_chat: OnChat) -> None:
    """It may be in the log before the step that begins the message: the client that has seen its first chunk may stop."""

    async def scenario(site: Site) -> None:
        told = await site.client().say("hello")
        assert [one["type"] for one in told.chunks] == ["start", "abort", "finish"]
        [info] = (await site.app.list_runs()).runs
        assert await site.app.get_run(info.id).result() == "behind the block"

    on_chat(lambda app: chat_app(app, turn=stopped), scenario)


def test_one_workflow_is_given() -> None:
    app = App("memory://")
    with pytest.raises(TypeError, match="either session"):
        chat_app(app)
    with pytest.raises(TypeError, match="either session"):
        chat_app(app, session=chat, turn=answer)
