"""What is refused, and that the run is none the worse for it."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Mount

from outlast import App, step, workflow
from outlast.agents import ui
from outlast.agents.ui import ChatApp, chat_app
from tests.agents.ui.agents import GATE, agent, clerk, follow, serve
from tests.agents.ui.conftest import Client, OnChat, Site, approved, said, shown

STRANGE = msgspec.json.encode({"id": "c1", "messages": [approved("m", {"id": 7})]})
Make = Callable[[App], ChatApp]


def whoever(request: Request) -> str | None:
    return request.headers.get("x-user")


def by_session(app: App) -> ChatApp:
    return chat_app(app, session=clerk, user=whoever, linger=0)


def by_turn(app: App) -> ChatApp:
    return chat_app(app, turn=serve, user=whoever, linger=0)


@pytest.fixture(params=[by_session, by_turn], ids=["a run a session", "a run a turn"])
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


def ada(site: Site) -> Client:
    return site.client(**{"x-user": "ada"})


def test_the_chat_of_another_user(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first", "second")
        told = await ada(site).say("one", "u1")
        bob = site.client(**{"x-user": "bob"})
        for refused in (
            await bob.say("two", "u2"),
            await bob.resume(),
            await bob.resume(told.place, 0),
            await bob.stop(),
            await bob.load(),
        ):
            assert refused.status == 403
            assert refused.problem["slug"] == "access-denied"
        for stranger in (site.client(), site.client(**{"x-user": ""})):
            assert (await stranger.say("who?", "u3")).status == 401
        assert shown((await ada(site).say("two", "u2")).chunks)[-1]["text"] == "second "

    on_chat(make, scenario)


def test_an_approval_in_the_chat_of_another_user(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("pay", {"amount": 5})], "done")
        first = await ada(site).say("pay", "u1")
        [request] = [one for one in first.chunks if one["type"] == "tool-approval-request"]
        verdict = approved(first.reply, {"id": request["approvalId"], "approved": True})
        bob = site.client(**{"x-user": "bob"})
        assert (await bob.post(verdict)).status == 403
        assert (await bob.post(verdict, chat="c2")).status == 404, "a chat of his own"
        assert (await bob.post(said("pay", "u1"), trigger="regenerate-message")).status == 403
        assert GATE.paid == []
        rest = await ada(site).post(verdict)
        assert shown([*first.chunks, *rest.chunks])[-1]["text"] == "done "
        assert GATE.paid == [5]

    on_chat(make, scenario)


def test_a_page_of_another_site(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        evil = site.client(**{"x-user": "ada", "sec-fetch-site": "cross-site"})
        assert (await evil.say("buy")).status == 403
        assert (await evil.stop()).status == 403
        assert not (await site.app.list_runs()).runs

    on_chat(make, scenario)


def test_who_is_not_on_this_machine(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        assert (await site.client(host="example.org").say("hello")).status == 403

    on_chat(lambda app: chat_app(app, session=clerk, linger=0), scenario)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"id": "c1", "messages": []}', 422),
        (b'{"id": "c1", "messages": [{"id": "u1", "role": "robot"}]}', 422),
        (b'{"id": "c1", "messages": [{"id": "u1", "role": "system"}]}', 422),
        (b'{"id": "c1", "messages": [{"id": "u1", "role": "user", "parts": []}]}', 422),
        (
            b'{"id": "c", "messages": [{"id": "u", "role": "user", "parts": [{"type": "text"}]}]}',
            422,
        ),
        (b'{"id": "a/b", "messages": [{"id": "u1", "role": "user", "parts": []}]}', 422),
        (b'{"id": "c1", "messages": [{"id": "m", "role": "assistant", "parts": []}]}', 422),
        (b'{"id": "c1", "trigger": "x", "messages": [{"id": "u1", "role": "user"}]}', 422),
        (STRANGE, 422),
    ],
)
def test_bodies_that_are_none(body: bytes, status: int, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        refused = await ada(site).raw(body)
        assert refused.status == status
        assert refused.problem["slug"] == "request"
        assert not (await site.app.list_runs()).runs

    on_chat(by_session, scenario)


@pytest.mark.parametrize("chat", ["grüße", "\N{SNOWMAN}", " c1", "c1 ", "..", "c" * 151])
def test_what_can_be_the_id_of_no_chat(chat: str, on_chat: OnChat) -> None:
    """It would be lost in a path, or in a header."""

    async def scenario(site: Site) -> None:
        refused = await ada(site).say("hello", chat=chat)
        assert (refused.status, refused.problem["slug"]) == (422, "request")
        assert not (await site.app.list_runs()).runs

    on_chat(by_session, scenario)


def test_a_body_that_is_too_long(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        assert (await ada(site).raw(b" " * (2**24 + 1))).status == 413
        assert (await ada(site).resume("c1~msg_", -(2**31))).status == 422

    on_chat(by_session, scenario)


def test_a_body_without_trigger_is_a_message(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first")
        assert shown((await ada(site).post(said("one", "u1"))).chunks)[-1]["text"] == "first "

    on_chat(make, scenario)


def test_a_history_that_the_client_has_edited(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first", "second", "third")
        client = ada(site)
        await client.say("one", "u1")
        await client.say("two", "u2")
        edited = await client.say("one, but other words", "u1")
        assert (edited.status, edited.problem["detail"]) == (
            409,
            "an earlier message cannot be changed",
        )
        older = await client.post(said("one", "u1"), trigger="regenerate-message")
        assert older.status == 409
        assert shown((await client.say("three", "u3")).chunks)[-1]["text"] == "third "

    on_chat(make, scenario)


def test_the_last_message_with_other_words(make: Make, on_chat: OnChat) -> None:
    """Its answer was to what is not said any more: it is neither given for the new words, nor kept."""

    async def scenario(site: Site) -> None:
        follow([("wait", {})], "let go", "and on")
        client = ada(site)
        reading = asyncio.ensure_future(client.say("one", "u1"))
        await GATE.looked.wait()
        early = await client.say("other words", "u1")
        assert (early.status, early.problem["hint"]) == (409, "Wait for its end, or stop it.")
        GATE.go.set()
        first = await reading
        assert (await client.say("one", "u1")).reply == first.reply, "the same message"
        edited = await client.say("other words", "u1")
        assert edited.reply != first.reply
        assert (await client.say("other words", "u1")).reply == edited.reply
        assert shown((await client.say("two", "u2")).chunks)[-1]["text"] == "and on "
        loaded = (await client.load()).problem["messages"]
        assert [one["id"] for one in loaded][:2] == ["u1", edited.reply]
        assert loaded[0]["parts"][0]["text"] == "other words"

    on_chat(make, scenario)


def test_a_session_and_turns_of_the_same_name(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first")
        await ada(site).say("one", "u1")
        turns = Client(by_turn(site.app), {"x-user": "ada"})
        assert (await turns.load()).problem == {"messages": []}
        assert shown((await turns.say("one", "u1")).chunks)[-1]["text"] == "first "

    on_chat(by_session, scenario)


def test_two_tabs_on_one_chat(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("wait", {})], "let go", "and on")
        GATE.go.set()
        answers = await asyncio.gather(*[ada(site).say("me first", f"u{n}") for n in range(4)])
        assert sorted(one.status for one in answers) == [200, 409, 409, 409]
        assert shown((await ada(site).say("on", "next")).chunks)[-1]["text"] == "and on "

    on_chat(make, scenario)


@step(name="chat_refusals.ready")
async def ready() -> None:
    GATE.looked.set()
    await GATE.go.wait()


@workflow(name="chat_refusals.late")
async def late(chat_id: str) -> None:
    """Takes a turn, and answers it when it is let."""
    async with ui.session() as session:
        async for turn in session:
            await ready()
            async with session.answering(turn):
                await agent.run(turn.text)


def test_a_turn_that_is_not_begun(on_chat: OnChat) -> None:
    """Its run may have been killed just then: the client has the place of the answer all the same."""

    async def scenario(site: Site) -> None:
        follow("hello")
        client = site.client()
        telling = asyncio.ensure_future(client.say("hi"))
        await GATE.looked.wait()
        user, reply = (await client.load()).problem["messages"]
        assert user["parts"] == [{"type": "text", "text": "hi"}]
        coming = [client.resume(), client.resume(f"c1~{reply['id']}~0", 0), client.say("hi")]
        waiting = asyncio.gather(*coming)
        assert (await client.say("me too", "u2")).status == 409
        GATE.go.set()
        told = await telling
        assert shown(told.chunks)[-1]["text"] == "hello "
        assert [one.chunks for one in await waiting] == [told.chunks] * 3

        follow("never said")
        telling = asyncio.ensure_future(client.say("and now?", "u2"))
        await GATE.looked.wait()
        stopping = asyncio.ensure_future(client.stop())
        [run] = (await site.app.list_runs()).runs
        async for event in site.app.get_run(run.id).follow():
            if str(event.data.get("key")).startswith("stop:"):
                break
        GATE.go.set()
        assert (await stopping).status == 204
        assert [one["type"] for one in (await telling).chunks] == ["start", "abort", "finish"]

    on_chat(lambda app: chat_app(app, session=late), scenario)


@workflow(name="chat_refusals.late_turn")
async def late_turn(turn: ui.Turn) -> None:
    """Answers when it is let."""
    await ready()
    async with ui.answering(turn):
        await agent.run(turn.text)


def test_the_message_of_a_turn_that_is_not_begun(on_chat: OnChat) -> None:
    """What was said is in the chat, also if it was stopped before anything was answered."""

    async def scenario(site: Site) -> None:
        follow("hello", "hello")
        client = site.client()
        for text, message, stop in ("hi", "u1", True), ("and now?", "u2", False):
            GATE.reset()
            telling = asyncio.ensure_future(client.say(text, message))
            await GATE.looked.wait()
            user, reply = (await client.load()).problem["messages"][-2:]
            assert (user["id"], user["parts"]) == (message, [{"type": "text", "text": text}])
            assert reply["parts"] == []
            if stop:
                await client.stop()
            GATE.go.set()
            told = await telling
            assert told.reply == reply["id"]
        loaded = (await client.load()).problem["messages"]
        assert [one["id"] for one in loaded[::2]] == ["u1", "u2"]
        assert shown(told.chunks)[-1]["text"] == "hello "

    on_chat(lambda app: chat_app(app, turn=late_turn), scenario)


def test_contradictory_verdicts_at_the_same_moment(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("pay", {"amount": 5})], "done")
        first = await ada(site).say("pay", "u1")
        [asked] = [one["approvalId"] for one in first.chunks if "approvalId" in one]
        verdicts = [{"id": asked, "approved": number % 2 == 0} for number in range(6)]
        answers = await asyncio.gather(
            *[ada(site).post(approved(first.reply, one)) for one in verdicts]
        )
        winner = next(n for n, answer in enumerate(answers) if answer.status == 200)
        is_yes = verdicts[winner]["approved"]
        for verdict, answer in zip(verdicts, answers, strict=True):
            if verdict["approved"] != is_yes:
                assert answer.status == 409, answer.text
                assert answer.problem["hint"] == "Load the chat again."
        whole = await ada(site).resume(first.place, 0)
        [told] = [one for one in whole.chunks if one["type"] == "tool-approval-response"]
        assert told["approved"] == is_yes
        assert GATE.paid == ([5] if is_yes else [])

    on_chat(make, scenario)


def test_a_session_that_has_ended(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first")
        await ada(site).say("one", "u1")
        run = (await site.app.list_runs()).runs[0]
        await site.app.get_run(run.id).cancel()
        await site.signals.wait_for("run_ended", run_id=run.id)
        refused = await ada(site).say("two", "u2")
        assert (refused.status, refused.problem["detail"]) == (409, "this chat has ended")

    on_chat(by_session, scenario)


def test_an_agent_that_fails(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow()  # the model has nothing to say: it raises
        told = await ada(site).say("one", "u1")
        assert [one["type"] for one in told.chunks][-2:] == ["error", "finish"]
        assert "IndexError" not in told.text
        assert (await ada(site).resume()).status == 204
        whole = await ada(site).resume(told.place, 0)
        assert whole.chunks == told.chunks

    on_chat(make, scenario)


@pytest.mark.parametrize("base", ["", "/chats"])
def test_mounted_below_another_path(base: str, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first")
        outer = Starlette(routes=[Mount("/api/chat", site.http)])
        client = Client(outer, {"x-user": "ada"}, path=f"/api/chat{base}")
        told = await client.say("one", "u1")
        assert shown(told.chunks)[-1]["text"] == "first "
        assert (await client.resume(told.place, 2)).chunks == told.chunks[2:]

    on_chat(lambda app: chat_app(app, session=clerk, user=whoever, base=base), scenario)


def test_a_reader_is_sent_away_when_the_server_stops(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("wait", {})], "let go")
        reading = asyncio.ensure_future(ada(site).say("one", "u1"))
        await GATE.looked.wait()
        site.http.drain()
        told = await reading
        assert 'finish"' not in told.text
        GATE.go.set()
        await site.signals.wait_for("run_suspended")

    on_chat(by_session, scenario)


def test_the_messages_of_a_chat(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first", "second", "third")
        client = ada(site)
        assert (await client.load()).problem == {"messages": []}
        await client.say("one", "u1")
        told = await client.post(said("one", "u1"), trigger="regenerate-message")
        await client.say("two", "u2")
        messages = (await client.load()).problem["messages"]
        assert [one["id"] for one in messages][:2] == ["u1", told.reply]
        texts = [part["text"] for one in messages for part in one["parts"] if "text" in part]
        assert texts == ["one", "first ", "two", "second "]
        assert len((await client.load(limit=1)).problem["messages"]) == 2
        for wrong in (0, "x", 1_001):
            assert (await client.load(limit=wrong)).status == 422

    on_chat(make, scenario)
