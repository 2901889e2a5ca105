"""Hooks: tokens, payloads, and what becomes of them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from msgspec.structs import replace

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, present, raises, true
from outlast.testing.conformance.scene import Scene, advance, append, draft, fact, held
from outlast.world import (
    Batch,
    Deliver,
    Delivered,
    End,
    EventDraft,
    HookDraft,
    PruneRequest,
    Suspend,
)

HOOKING = Section("hooks")
RESERVING = Section("reservations")


def opening(ref: str, token: str, **fields: Any) -> HookDraft:
    """A hook to open."""
    return HookDraft(ref=ref, token=token, event=fact("hook_opened", f'{{"id":"{ref}"}}'), **fields)


def payload(value: int) -> EventDraft:
    """A payload on its way."""
    return fact("hook_received", f'{{"payload":{value}}}')


async def deliver(
    scene: Scene,
    token: str,
    value: int,
    run_id: str = "a",
    ref: str = "hook#1",
    key: str | None = None,
) -> Delivered:
    """Deliver a payload."""
    one = Deliver(token=token, run_id=run_id, ref=ref, event=payload(value), key=key)
    return (await scene.world.log.commit(Batch(deliveries=(one,)))).delivered[0]


async def tokens(scene: Scene, run_id: str | None = None) -> list[str]:
    """The tokens that are taken, the newest hook's first."""
    return [hook.token for hook in (await scene.world.listing.hooks(run_id, limit=100)).hooks]


@HOOKING.check()
async def an_opened_hook_has_a_row_and_an_event(scene: Scene) -> None:
    """A hook that is opened has its row, and its event comes before those of the advance."""
    await scene.create(held("a"))
    data = '{"schema":{"a":"é"}}'.encode()
    answer = await scene.advance(
        "a", "fact", opens=(opening("hook#1", "T", expires_at=2**52, data=data),)
    )
    equal((answer.opened, answer.conflicts, answer.position), (("hook#1",), (), 3))
    equal(await scene.kinds("a"), ["run_created", "hook_opened", "fact"])
    hook = present(await scene.world.listing.hook("T"))
    equal((hook.token, hook.run_id, hook.ref, hook.kind), ("T", "a", "hook#1", "hook"))
    equal((hook.created_at, hook.expires_at, hook.data), (scene.clock.now(), 2**52, data))
    equal(await scene.world.listing.hook("t"), None)


@HOOKING.check()
async def a_taken_token_is_a_conflict(scene: Scene) -> None:
    """A hook whose token is taken is not opened; the owner's run is named, also if it is the same run."""
    await scene.commit(held("a"), held("b"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    answer = await scene.advance(
        "b", "fact", opens=(opening("hook#1", "T"), opening("hook#2", "U"))
    )
    equal((answer.opened, answer.conflicts), (("hook#2",), (("hook#1", "a"),)))
    equal(await scene.kinds("b"), ["run_created", "hook_opened", "fact"])
    own = await scene.advance("a", seen=2, opens=(opening("hook#2", "T"),))
    equal((own.opened, own.conflicts, own.position), ((), (("hook#2", "a"),), 2))


@HOOKING.check()
async def who_missed_something_opens_nothing(scene: Scene) -> None:
    """Hooks are opened only if the owner has seen the whole log; events are written all the same."""
    await scene.create(held("a"))
    await scene.append("a", "news")
    answer = await scene.advance("a", "fact", opens=(opening("hook#1", "T"),))
    equal((answer.opened, answer.conflicts, answer.position), ((), (), 3))
    equal(await tokens(scene), [])


@HOOKING.check()
async def a_payload_goes_into_the_log(scene: Scene) -> None:
    """A payload is in the log, and a suspended run is due at once."""
    await scene.create(held("a"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    await scene.advance("a", seen=2, then=Suspend(due_at=None, waiting=()))
    scene.clock.move(SECOND)
    equal(await deliver(scene, "T", 1), Delivered(2))
    equal(await deliver(scene, "T", 2), Delivered(3))
    events = await scene.world.log.read("a", after=2)
    equal([event.data for event in events], [payload(1).data, payload(2).data])
    equal((await scene.run("a")).due_at, scene.clock.now())
    equal(await scene.claimed_ids("other"), ["a"])


@HOOKING.check()
async def a_payload_nudges_the_owner(scene: Scene) -> None:
    """The owner of a run that is held is told."""
    await scene.register("worker")
    await scene.create(held("a"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    one = Deliver(token="T", run_id="a", ref="hook#1", event=payload(1))  # noqa: S106 - no secret
    equal((await scene.world.log.commit(Batch(deliveries=(one,)))).nudged, ("a",))
    equal(await scene.world.claims.nudged("worker"), ("a",))


@HOOKING.check()
async def a_key_is_delivered_once(scene: Scene) -> None:
    """What comes with a key that was delivered is not written again; keys belong to one hook."""
    await scene.create(held("a"))
    await scene.advance("a", opens=(opening("hook#1", "T"), opening("hook#2", "U")))
    equal(await deliver(scene, "T", 1, key="k"), Delivered(3))
    equal(await deliver(scene, "T", 1, key="k"), Delivered(None, duplicate=True))
    equal(await deliver(scene, "U", 1, ref="hook#2", key="k"), Delivered(4))
    equal(await deliver(scene, "T", 2, key="l"), Delivered(5))
    twice = Deliver(token="T", run_id="a", ref="hook#1", event=payload(3), key="m")  # noqa: S106 - no secret
    both = (await scene.world.log.commit(Batch(deliveries=(twice, twice)))).delivered
    equal(both, (Delivered(6), Delivered(None, duplicate=True)))


@HOOKING.check()
async def only_the_hook_that_was_meant_gets_it(scene: Scene) -> None:
    """Nothing is delivered to an unknown token, to another run or ref than the token's."""
    await scene.commit(held("a"), held("b"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    for token, run_id, ref in (("U", "a", "hook#1"), ("T", "b", "hook#1"), ("T", "a", "hook#2")):
        equal(await deliver(scene, token, 1, run_id, ref), Delivered(None))
    equal((await scene.run("a")).position, 2)


@HOOKING.check()
async def a_disposed_token_is_free(scene: Scene) -> None:
    """A hook that is disposed of gets nothing; its token may be taken in the same advance, and its keys
    are forgotten."""
    await scene.create(held("a"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    await deliver(scene, "T", 1, key="k")
    answer = await scene.advance(
        "a", "hook_disposed", seen=3, disposes=("hook#1", "hook#9"), opens=(opening("hook#2", "T"),)
    )
    equal((answer.opened, answer.position), (("hook#2",), 5))
    equal(await deliver(scene, "T", 2), Delivered(None))
    equal(await deliver(scene, "T", 2, ref="hook#2", key="k"), Delivered(5))
    await scene.advance("a", seen=6, disposes=("hook#2",))
    equal(await tokens(scene), [])


@HOOKING.check()
async def an_end_frees_all_tokens(scene: Scene) -> None:
    """A run that has ended has no hooks; others can take their tokens, in the same batch too."""
    await scene.commit(held("a"), held("b"))
    await scene.advance("a", opens=(opening("hook#1", "T"), opening("hook#2", "U")))
    receipt = await scene.commit(
        advance("a", "run_completed", seen=3, then=End(status=RunStatus.COMPLETED)),
        advance("b", opens=(opening("hook#1", "T"),)),
    )
    equal(receipt.advanced[1].opened, ("hook#1",))
    equal(await tokens(scene), ["T"])
    equal(await deliver(scene, "U", 1, ref="hook#2"), Delivered(None))
    equal(await deliver(scene, "T", 1, run_id="b"), Delivered(2))


@HOOKING.check()
async def the_end_of_a_run_may_open_nothing(scene: Scene) -> None:
    """A hook that is opened in the advance that ends its run has no row."""
    await scene.create(held("a"))
    await scene.advance(
        "a", "run_failed", then=End(status=RunStatus.FAILED), opens=(opening("hook#1", "T"),)
    )
    equal(await tokens(scene), [])
    scene.clock.move(SECOND)
    await scene.world.retention.prune(PruneRequest(ended_before=scene.clock.now()))
    equal(await scene.world.log.read("a"), ())


@HOOKING.check()
async def an_expired_hook_gets_nothing(scene: Scene) -> None:
    """From its time on a hook gets nothing, and others may take its token; its run frees only its own."""
    await scene.commit(held("a"), held("b"))
    when = scene.clock.now() + SECOND
    await scene.advance("a", opens=(opening("hook#1", "T", expires_at=when),))
    scene.clock.set(when - 1)
    equal(await deliver(scene, "T", 1, key="k"), Delivered(2))
    scene.clock.set(when)
    equal(await deliver(scene, "T", 2), Delivered(None))
    answer = await scene.advance("b", opens=(opening("hook#1", "T"),))
    equal((answer.opened, answer.conflicts), (("hook#1",), ()))
    await scene.advance("a", "hook_expired", seen=3, disposes=("hook#1",))
    equal(await deliver(scene, "T", 3, run_id="b", key="k"), Delivered(2))


@HOOKING.check()
async def hooks_are_listed(scene: Scene) -> None:
    """Pages, newest or oldest first, then by token; of one run or of all."""
    await scene.commit(held("a"), held("b"))
    await scene.advance("a", opens=tuple(opening(f"hook#{n}", f"T{n}") for n in range(3)))
    scene.clock.move(SECOND)
    await scene.advance("b", opens=(opening("hook#1", "A"),))
    equal(await tokens(scene), ["A", "T2", "T1", "T0"])
    equal(await tokens(scene, "a"), ["T2", "T1", "T0"])
    equal(await tokens(scene, "c"), [])
    first = await scene.world.listing.hooks(limit=3)
    equal([hook.token for hook in first.hooks], ["A", "T2", "T1"])
    second = await scene.world.listing.hooks(limit=3, cursor=present(first.cursor))
    equal(([hook.token for hook in second.hooks], second.cursor), (["T0"], None))
    await raises(ValueError, scene.world.listing.hooks(limit=3, cursor="no cursor"))
    oldest = await scene.world.listing.hooks(limit=2, oldest_first=True)
    equal([hook.token for hook in oldest.hooks], ["T0", "T1"])
    then = await scene.world.listing.hooks(limit=2, oldest_first=True, cursor=oldest.cursor)
    equal(([hook.token for hook in then.hooks], then.cursor), (["T2", "A"], None))
    of_run = await scene.world.listing.hooks("a", limit=2, oldest_first=True)
    equal([hook.token for hook in of_run.hooks], ["T0", "T1"])
    rest = await scene.world.listing.hooks("a", limit=2, oldest_first=True, cursor=of_run.cursor)
    equal(([hook.token for hook in rest.hooks], rest.cursor), (["T2"], None))
    await raises(ValueError, scene.world.listing.hooks(limit=2, cursor=oldest.cursor))


@HOOKING.check()
async def of_two_at_once_one_gets_the_token(scene: Scene) -> None:
    """Within one batch, the first one gets it."""
    receipt = await scene.commit(held("a"), held("b"))
    receipt = await scene.commit(
        advance("a", opens=(opening("hook#1", "T"),)), advance("b", opens=(opening("hook#1", "T"),))
    )
    equal(receipt.advanced[0].opened, ("hook#1",))
    equal(receipt.advanced[1].conflicts, (("hook#1", "a"),))


@HOOKING.check()
async def what_was_tried_again_is_there_once(scene: Scene) -> None:
    """A batch that comes again opens nothing twice, and tells what was missed."""
    await scene.create(held("a"))
    one = advance("a", "fact", opens=(opening("hook#1", "T"),))
    await scene.commit(one)
    again = (await scene.world.log.commit(Batch(advances=(one,), again=True))).advanced[0]
    equal((again.again, again.position), (True, 3))
    only = advance("a", seen=3, opens=(opening("hook#2", "U"),))
    await scene.commit(only)
    again = (await scene.world.log.commit(Batch(advances=(only,), again=True))).advanced[0]
    equal(([event.kind for event in again.missed], again.conflicts), (["hook_opened"], ()))
    equal(await tokens(scene), ["U", "T"])


@HOOKING.check(needs="shared")
async def who_asks_at_the_same_time_gets_one_answer(scene: Scene) -> None:
    """Of several users that open a hook with the same token, one has it, and the others are told whose it is;
    of those that deliver with the same key, whatever they say, one does."""
    async with AsyncExitStack() as stack:
        users = [(await stack.enter_async_context(scene.another())).world for _ in range(3)]
        for number in range(5):
            token = f"T{number}"
            ids = [f"{name}{number}" for name in "abc"]
            await scene.commit(*[held(run_id) for run_id in ids])
            asked = [advance(run_id, opens=(opening("hook#1", token),)) for run_id in ids]
            answers = await asyncio.gather(
                *[
                    user.log.commit(Batch(advances=(one,)))
                    for user, one in zip(users, asked, strict=True)
                ]
            )
            opened = [
                run_id
                for run_id, answer in zip(ids, answers, strict=True)
                if answer.advanced[0].opened
            ]
            owner = opened[0]
            equal(len(opened), 1, "the number of hooks that were opened")
            for answer in answers:
                true(
                    answer.advanced[0].conflicts in ((), (("hook#1", owner),)), "the owner is named"
                )
            one = Deliver(token=token, run_id=owner, ref="hook#1", event=payload(1), key="k")
            said = [replace(one, event=payload(n)) for n in range(3)]
            delivered = await asyncio.gather(
                *[
                    user.log.commit(Batch(deliveries=(answer,)))
                    for user, answer in zip(users, said, strict=True)
                ]
            )
            places = [answer.delivered[0].position for answer in delivered]
            equal(sorted([place or 0 for place in places]), [0, 0, 2])
            [taken] = await scene.world.log.read(owner, after=2)
            equal(
                taken.data,
                payload(places.index(2)).data,
                "the answer of who was told that it counts",
            )
            others = [replace(one, key=f"{n}", event=payload(n)) for n in range(3)]
            await asyncio.gather(
                *[
                    user.log.commit(Batch(deliveries=(one,)))
                    for user, one in zip(users, others, strict=True)
                ]
            )
            equal((await scene.kinds(owner)).count("hook_received"), 4)


@RESERVING.check(needs="shared")
async def of_starts_at_the_same_time_one_run_is_made(scene: Scene) -> None:
    """Several users start a run for one token: there is one run, and it has all payloads."""
    async with AsyncExitStack() as stack:
        users = [(await stack.enter_async_context(scene.another())).world for _ in range(3)]
        drafts = [starting(name, number) for number, name in enumerate("abc")]
        answers = await asyncio.gather(
            *[
                user.log.commit(Batch(creates=(one,)))
                for user, one in zip(users, drafts, strict=True)
            ]
        )
        owners = {answer.created[0].run_id for answer in answers}
        equal((len(owners), sum(answer.created[0].new for answer in answers)), (1, 1))
        log = await scene.world.log.read(owners.pop())
        equal({event.data for event in log[1:]}, {payload(n).data for n in range(3)})


def starting(run_id: str, value: int, **fields: Any) -> Any:
    """A start with a payload for the token `T`."""
    return draft(run_id, token="T", delivery=payload(value), **fields)  # noqa: S106 - no secret


@RESERVING.check()
async def a_start_with_a_payload_reserves_the_token(scene: Scene) -> None:
    """The run has the payload in its log and the token reserved: a second start delivers to it."""
    true((await scene.create(starting("a", 1))).new, "the run is new")
    equal(await scene.kinds("a"), ["run_created", "hook_received"])
    hook = present(await scene.world.listing.hook("T"))
    equal((hook.run_id, hook.ref), ("a", ""))
    second = await scene.create(starting("b", 2))
    equal((second.run_id, second.new), ("a", False))
    equal(await scene.world.listing.get("b"), None)
    equal((await scene.world.log.read("a", after=2))[0].data, payload(2).data)
    equal(await deliver(scene, "T", 3, ref=""), Delivered(3))


@RESERVING.check()
async def its_run_opens_the_reserved_token(scene: Scene) -> None:
    """Only the run that has the token reserved can open a hook with it; what was delivered stays so."""
    await scene.commit(starting("a", 1), held("b"))
    equal((await scene.create(starting("c", 2))).run_id, "a")
    (claimed,) = await scene.claim()
    equal(claimed.run.position, 3)
    answer = await scene.advance("b", opens=(opening("hook#1", "T"),))
    equal(answer.conflicts, (("hook#1", "a"),))
    answer = await scene.advance("a", seen=3, opens=(opening("hook#1", "T"),))
    equal(answer.opened, ("hook#1",))
    equal((await scene.create(starting("c", 2))).run_id, "a")
    equal((await scene.run("a")).position, 4, "the same start delivers once")
    equal((await scene.create(starting("d", 4))).run_id, "a")
    equal((await scene.run("a")).position, 5)


@RESERVING.check()
async def a_start_delivers_to_the_live_hook(scene: Scene) -> None:
    """A start goes to the hook that has the token, and wakes its run; once for each key."""
    await scene.create(held("a"))
    await scene.advance("a", opens=(opening("hook#1", "T"),))
    await scene.advance("a", seen=2, then=Suspend(due_at=None, waiting=()))
    for _ in range(2):
        answer = await scene.create(starting("b", 1, idempotency_key="key"))
        equal((answer.run_id, answer.new), ("a", False))
    equal((await scene.run("a")).position, 3)
    equal(await scene.claimed_ids("other"), ["a"])


@RESERVING.check()
async def a_claimed_start_is_nudged(scene: Scene) -> None:
    """Who starts a run as its owner is told to look for the payload; a delay is kept."""
    receipt = await scene.commit(starting("a", 1, claim=held("x").claim))
    equal((receipt.created[0].epoch, receipt.nudged), (1, ("a",)))
    missed = (await scene.advance("a")).missed
    equal([event.data for event in missed], [payload(1).data])
    await scene.advance("a", "end", seen=2, then=End(status=RunStatus.COMPLETED))
    true((await scene.create(starting("b", 1, delay=SECOND))).new, "the run is new")
    equal((await scene.run("b")).due_at, scene.clock.now() + SECOND)


@RESERVING.check()
async def an_id_that_exists_gets_nothing(scene: Scene) -> None:
    """A start that is repeated by its id gives the run, and delivers nothing again."""
    await scene.create(starting("a", 1))
    await scene.commit(append("a", "news"))
    answer = await scene.create(starting("a", 1))
    equal((answer.run_id, answer.new, (await scene.run("a")).position), ("a", False, 3))
