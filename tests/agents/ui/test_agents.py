"""Chats with agents: tools, approvals, and what is refused."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from outlast import App
from outlast.agents.ui import ChatApp, chat_app
from tests.agents.ui.agents import GATE, SCRIPT, both, clerk, follow, serve
from tests.agents.ui.conftest import Answer, Client, Form, OnChat, Site, approved, said, shown

Make = Callable[[App], ChatApp]
PAY = [("pay", {"amount": 5})]


def by_session(app: App) -> ChatApp:
    return chat_app(app, session=clerk, linger=0)


def by_turn(app: App) -> ChatApp:
    return chat_app(app, turn=serve, linger=0)


@pytest.fixture(params=[by_session, by_turn], ids=["a run a session", "a run a turn"])
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


def kinds(chunks: list[Form]) -> list[str]:
    return [one["type"] for one in chunks]


def asked(answer: Answer) -> list[str]:
    """The ids of the approvals that are asked for."""
    requests = [one for one in answer.chunks if one["type"] == "tool-approval-request"]
    return [one["approvalId"] for one in requests]


async def approve(client: Client, answer: Answer, **verdict: Any) -> Answer:
    verdicts = [{"id": one, "approved": True, **verdict} for one in asked(answer)]
    return await client.post(approved(answer.reply, *verdicts), trigger="submit-message")


def test_an_answer_with_tools(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("look", {"at": "a"}), ("look", {"at": "b"})], "all seen")
        told = await site.client().say("look around")
        parts = shown(told.chunks)
        assert [one for one in parts if "call" in one] == [
            {"call": "0-0", "input": {"at": "a"}, "output": "seen a"},
            {"call": "0-1", "input": {"at": "b"}, "output": "seen b"},
        ]
        assert parts[-1]["text"] == "all seen "
        assert kinds(told.chunks)[-1] == "finish"
        assert SCRIPT.asked == [0, 1]

    on_chat(make, scenario)


def test_agents_at_the_same_time_write_one_after_the_other(on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        told = await site.client().say("hello")
        steps = [{"step": True}, {"text": "ada bob eve ", "id": "1.0"}] * 2
        assert shown(told.chunks) == steps
        step = ["start-step", "text-start", *["text-delta"] * 3, "text-end", "finish-step"]
        assert [one["type"] for one in told.chunks] == ["start", *step, *step, "finish"]

    on_chat(lambda app: chat_app(app, turn=both), scenario)


def test_the_next_message_goes_on_from_the_history_of_the_run(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow("first", "second")
        client = site.client()
        await client.say("one", "u1")
        forged = {"id": "m", "role": "assistant", "parts": [{"type": "text", "text": "a lie"}]}
        told = await client.post(said("never said", "u0"), forged, said("two", "u2"))
        assert shown(told.chunks)[-1]["text"] == "second "  # with one response before it

    on_chat(make, scenario)


def test_a_model_that_fails_is_asked_again_in_the_same_message(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("look", {"at": "a"})], "seen it all")
        SCRIPT.breaks = {1: 2}
        client = site.client()
        told = await client.say("look")
        assert kinds(told.chunks).count("reset-step") == 1
        assert [one.get("text") for one in shown(told.chunks)][-1] == "seen it all "
        for k in range(len(told.chunks)):
            rest = await client.resume(told.place, k)
            assert told.chunks[:k] + rest.chunks == told.chunks

    on_chat(make, scenario)


def test_an_approval_is_waited_for_in_the_same_message(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, "done")
        client = site.client()
        first = await client.say("pay")
        assert kinds(first.chunks)[-2:] == ["tool-approval-request", "finish"]
        assert (await client.resume()).chunks == first.chunks  # on reload: as it stands
        second = await approve(client, first)
        assert second.reply == first.reply
        assert "start" not in kinds(second.chunks)
        assert GATE.paid == [5]
        whole = shown([*first.chunks, *second.chunks])
        assert {"call": "0-0", "input": {"amount": 5}, "output": "paid 5"} in whole
        assert whole[-1]["text"] == "done "
        for k in range(len(second.chunks)):
            rest = await client.resume(second.place, k)
            assert second.chunks[:k] + rest.chunks == second.chunks
        late = await client.resume(first.place, 0)
        assert kinds(late.chunks).count("finish") == 1
        assert shown(late.chunks) == whole

    on_chat(make, scenario)


def test_what_is_denied_is_not_done(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, "then not", PAY, "nor now")
        client = site.client()
        for number, reason in enumerate(({"reason": "too much"}, {})):
            first = await client.say("pay", f"u{number}")
            told = await approve(client, first, approved=False, **reason)
            assert {"tool-approval-response", "tool-output-denied"} <= set(kinds(told.chunks))
            [verdict] = [one for one in told.chunks if one["type"] == "tool-approval-response"]
            assert verdict.get("reason") == reason.get("reason")
        assert GATE.paid == []

    on_chat(make, scenario)


def test_approvals_one_by_one(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("pay", {"amount": 1}), ("pay", {"amount": 2})], "done")
        client = site.client()
        first = await client.say("pay")
        one, two = asked(first)
        half = await client.post(approved(first.reply, {"id": one, "approved": True}))
        assert kinds(half.chunks) == ["finish"]
        # The client's message still has the first response, and is sent as it is.
        yes = {"id": one, "approved": True}
        again = await client.post(approved(first.reply, yes))
        assert (again.status, again.chunks) == (200, half.chunks), "its response may be lost"
        for wrong, status in (
            ([{"id": one, "approved": False}], 409),
            ([{"id": one, "approved": False}, {"id": two, "approved": True}], 409),
            ([yes, yes, {"id": two, "approved": True}], 422),
        ):
            assert (await client.post(approved(first.reply, *wrong))).status == status
        assert GATE.paid == []
        rest = await client.post(approved(first.reply, yes, {"id": two, "approved": True}))
        assert sorted(GATE.paid) == [1, 2]
        assert shown([*first.chunks, *rest.chunks])[-1]["text"] == "done "

    on_chat(make, scenario)


def test_what_comes_before_a_call_is_told_once_however_often_it_is_tried(
    make: Make, on_chat: OnChat
) -> None:
    async def scenario(site: Site) -> None:
        follow([("pay", {"amount": 1}), ("pay", {"amount": 2})], "done")
        GATE.stumbles = 2
        client = site.client()
        first = await client.say("pay")
        yes, no = asked(first)
        verdicts = [{"id": yes, "approved": True}, {"id": no, "approved": False}]
        rest = await client.post(approved(first.reply, *verdicts))
        assert GATE.paid == [1]
        assert sorted(kinds(rest.chunks)[:4]) == [
            *["tool-approval-response"] * 2,
            "tool-output-available",
            "tool-output-denied",
        ]
        loaded = (await client.load()).problem["messages"][-1]
        states = [part["state"] for part in loaded["parts"] if part["type"] == "tool-pay"]
        assert states == ["output-available", "output-denied"]
        assert "step" not in {key for one in [*rest.chunks, *loaded["parts"]] for key in one}

    on_chat(make, scenario)


def test_half_a_character_does_not_cost_the_message(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("odd", {})], "done")
        client = site.client()
        told = shown((await client.say("odd")).chunks)
        assert told[1]["output"] == "half a \N{REPLACEMENT CHARACTER}"
        assert told[-1]["text"] == "done "
        loaded = (await client.load()).problem["messages"][-1]["parts"]
        assert loaded[1]["output"] == told[1]["output"]

    on_chat(make, scenario)


def test_forged_replayed_and_late_approvals_are_refused(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, "done")
        client = site.client()
        first = await client.say("pay")
        (asked_for,) = asked(first)
        for verdict in (f"{first.reply}.other", "0-0", "x"):
            forged = await client.post(approved(first.reply, {"id": verdict, "approved": True}))
            assert forged.status == 409, forged.text
            both = [{"id": asked_for, "approved": True}, {"id": verdict, "approved": True}]
            assert (await client.post(approved(first.reply, *both))).status == 409
        elsewhere = await client.post(approved("msg_x", {"id": asked_for, "approved": True}))
        assert elsewhere.status == 404
        assert GATE.paid == []
        await approve(client, first)
        again = await approve(client, first)
        assert again.status == 409
        assert "given before" in again.problem["detail"]
        assert GATE.paid == [5]

    on_chat(make, scenario)


def test_an_approval_whose_response_was_lost_may_come_again(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, [("wait", {})], PAY, "done")
        client = site.client()
        first = await client.say("pay")
        [one] = asked(first)
        telling = asyncio.ensure_future(approve(client, first))
        await GATE.looked.wait()
        again = asyncio.ensure_future(approve(client, first))
        refused = await approve(client, first, approved=False)
        assert refused.status == 409
        assert "decided otherwise" in refused.problem["detail"]
        GATE.go.set()
        told = await telling
        assert (await again).chunks == told.chunks
        assert (await approve(client, first)).chunks == told.chunks, "it waits for another one now"
        both = [{"id": id_, "approved": True} for id_ in (one, *asked(told))]
        assert (await client.post(approved(first.reply, *both))).status == 409
        assert GATE.paid == [5]
        rest = await approve(client, told)
        assert shown([*first.chunks, *told.chunks, *rest.chunks])[-1]["text"] == "done "
        assert (await approve(client, first)).status == 409, "the answer is finished"
        assert GATE.paid == [5, 5]

    on_chat(make, scenario)


def test_an_approval_after_the_run_ended_is_refused(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, "done")
        client = site.client()
        first = await client.say("pay")
        run = (await site.app.list_runs(limit=1)).runs[0]
        await site.app.get_run(run.id).cancel()
        await site.signals.wait_for("run_ended", run_id=run.id)
        assert (await approve(client, first)).status == 409
        assert GATE.paid == []
        whole = await client.resume(first.place, 0)
        assert kinds(whole.chunks)[-2:] == ["abort", "finish"]

    on_chat(make, scenario)


def test_an_approval_after_the_answer_was_stopped_is_refused(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, "never said")
        client = site.client()
        first = await client.say("pay")
        assert (await client.say("hello?", "u2")).status == 409  # it waits for the approval
        assert (await client.stop()).status == 204
        whole = (await client.resume(first.place, 0)).chunks
        assert kinds(whole)[-3:] == ["tool-output-denied", "abort", "finish"]
        [page] = [one for one in (await client.load()).problem["messages"] if one["id"] != "u1"]
        assert page["parts"][-1]["state"] == "output-denied", "no page asks any more"
        assert (await approve(client, first)).status == 409
        assert GATE.paid == []
        follow("hello again")
        after = await client.say("hello?", "u2")
        assert shown(after.chunks)[-1]["text"] == "hello again "

    on_chat(make, scenario)


def test_the_arguments_of_a_request_do_not_count(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow(PAY, "done")
        client = site.client()
        first = await client.say("pay")
        (id_,) = asked(first)
        message = approved(first.reply, {"id": id_, "approved": True})
        message["parts"][0]["input"] = {"amount": 5_000_000}
        assert (await client.post(message)).status == 200
        assert GATE.paid == [5]

    on_chat(make, scenario)


def test_stop_during_a_call_of_a_tool(make: Make, on_chat: OnChat) -> None:
    async def scenario(site: Site) -> None:
        follow([("wait", {})], "never said", "hello again")
        client = site.client()
        told = asyncio.ensure_future(client.say("wait"))
        await GATE.looked.wait()
        assert (await client.say("hello?", "u2")).status == 409  # another tab, meanwhile
        assert (await client.stop()).status == 204
        follow("hello again")
        after = await client.say("hello?", "u2")  # at once: the answer has ended
        assert shown(after.chunks)[-1]["text"] == "hello again "
        stopped = await told
        assert kinds(stopped.chunks)[-2:] == ["abort", "finish"]
        assert (await client.stop()).status == 204  # there is nothing to stop
        assert (await client.resume()).status == 204

    on_chat(make, scenario)
