"""Streams keep their chunks, in order, and only those of attempts that count."""

from typing import Any

from outlast._clock import SECOND
from outlast._model.runs import RunStatus
from outlast.testing.conformance.checking import Section
from outlast.testing.conformance.expecting import equal, present, true
from outlast.testing.conformance.scene import LEASE, Scene, dispatch, draft, held
from outlast.world import (
    Chunk,
    Done,
    End,
    PruneRequest,
    Release,
    StreamAnswer,
    StreamBatch,
    StreamPage,
    StreamRead,
    StreamWrite,
    Supersede,
    Writer,
)

STREAMS = Section("streams")


def writer(ref: str = "work#1", *, epoch: int = 1, attempt: int = 1, **fields: Any) -> Writer:
    """An attempt that the owner of a run makes."""
    return Writer(ref, epoch, attempt, **fields)


def write(by: Writer, *texts: str, after: int = 0, name: str = "s", **fields: Any) -> StreamWrite:
    """Chunks for a stream of run `a`."""
    chunks = tuple([Chunk(text.encode()) for text in texts])
    given: dict[str, Any] = {"run_id": "a", **fields}
    return StreamWrite(name=name, writer=by, after=after, chunks=chunks, **given)


def supersede(by: Writer, *, own: bool = True) -> Supersede:
    """Take back what a step of run `a` has written."""
    return Supersede(run_id="a", writer=by, own=own)


async def send(scene: Scene, *parts: StreamWrite | Supersede) -> tuple[StreamAnswer, ...]:
    """Write all the parts in one batch."""
    return await scene.world.streams.write(StreamBatch(parts))


async def page(scene: Scene, start: int = 0, *, name: str = "s", **fields: Any) -> StreamPage:
    """A page of a stream of run `a`, which must be there."""
    request = StreamRead(run_id="a", name=name, start=start, **fields)
    return present(await scene.world.streams.read(request), "the run")


async def texts(scene: Scene, start: int = 0, *, name: str = "s") -> str:
    """The chunks from an index on; each is one letter."""
    found: list[str] = []
    while True:
        one = await page(scene, start + len(found), name=name)
        found += [chunk.data.decode() for chunk in one.chunks]
        if not one.chunks:
            return "".join(found)


@STREAMS.check()
async def chunks_stay_in_order(scene: Scene) -> None:
    """What is written is read again from any index on, with its kind, in the order of writing."""
    await scene.create(held("a"))
    equal(await send(scene, write(writer(), "a", "b", "c")), ("written",))
    equal(
        await send(scene, write(writer(), "d", after=3), write(writer(), "e", after=4)),
        ("written",) * 2,
    )
    for start in range(7):
        equal(await texts(scene, start), "abcde"[start:], f"what comes from {start} on")
    raw = StreamWrite(
        run_id="a",
        name="t",
        writer=writer(),
        after=0,
        chunks=(Chunk(b"\xff\0", raw=True), Chunk(b"")),
    )
    await send(scene, raw)
    equal((await page(scene, name="t")).chunks, raw.chunks)


@STREAMS.check()
async def a_page_tells_where_the_stream_stands(scene: Scene) -> None:
    """A page has the number of chunks, also one past the end; a start below 0 counts from the end; a stream
    that nobody has written to is empty, and that of an unknown run is none."""
    await scene.create(held("a"))
    empty = await page(scene)
    equal((empty.start, empty.chunks, empty.tail, empty.over), (0, (), 0, False))
    await send(scene, write(writer(), "a", "b", "c"))
    late = await page(scene, 9)
    equal((late.start, late.chunks, late.tail), (9, (), 3))
    for start, wanted in ((-1, (2, 1)), (-3, (0, 3)), (-9, (0, 3))):
        got = await page(scene, start)
        equal((got.start, len(got.chunks)), wanted, f"the page from {start} on")
    unknown = StreamRead(run_id="nobody", name="s", start=0)
    equal(await scene.world.streams.read(unknown), None)
    equal(await scene.world.streams.states("nobody"), None)


@STREAMS.check()
async def pages_are_bounded(scene: Scene) -> None:
    """A page has as many segments as begin within its bytes, and one at least."""
    await scene.create(held("a"))
    for place in range(6):
        await send(scene, write(writer(), "x" * 10, "y" * 10, after=2 * place))
    got = [len((await page(scene, 0, limit=limit)).chunks) for limit in (1, 20, 21, 60, 999)]
    equal(got, [2, 2, 4, 6, 12])
    equal([chunk.data[:1] for chunk in (await page(scene, 3, limit=1)).chunks], [b"y"])


@STREAMS.check()
async def writing_again_changes_nothing(scene: Scene) -> None:
    """A write that comes twice, because its answer was lost, is written once."""
    await scene.create(held("a"))
    first, second = write(writer(), "a", "b"), write(writer(), "c", after=2, close=True)
    for part in (first, first, second, second, first):
        equal(await send(scene, part), ("written",))
    equal(await texts(scene), "abc")


@STREAMS.check()
async def who_does_not_hold_the_run_is_fenced(scene: Scene) -> None:
    """A write with another epoch than the run's, of a run that nobody holds, that has ended or that does not
    exist, is refused, and the others of its batch are not."""
    await scene.create(held("a"))
    await scene.create(held("b"))
    answers = await send(
        scene,
        write(writer(epoch=2), "x"),
        write(writer(), "x", run_id="nobody"),
        write(writer(), "a"),
        supersede(writer(epoch=0)),
        write(writer(), "b", run_id="b"),
    )
    equal(answers, ("fenced", "fenced", "written", "fenced", "written"))
    equal(await texts(scene), "a")
    await scene.advance("a", then=Release())
    equal(await send(scene, write(writer(), "x", after=1)), ("fenced",))
    await scene.claim()
    equal(await send(scene, write(writer(), "x", after=1)), ("fenced",))
    await scene.advance("a", "over", epoch=2, then=End(status=RunStatus.COMPLETED))
    equal(await send(scene, write(writer(epoch=2), "x")), ("fenced",))
    true((await page(scene)).over, "the streams of a run that has ended are over")
    equal(await texts(scene), "a")


@STREAMS.check()
async def a_dispatched_step_writes_by_its_own_epoch(scene: Scene) -> None:
    """The writer of a dispatched step is who holds the step, whoever holds the run."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("work#1"))
    by = writer(dispatched=True)
    equal(await send(scene, write(by, "x")), ("fenced",))
    await scene.claim_steps("other")
    equal(await send(scene, write(by, "a")), ("written",))
    scene.clock.move(2 * LEASE)
    await scene.claim_steps("third")
    equal(await send(scene, write(by, "x", after=1)), ("fenced",))
    equal(await texts(scene), "a")
    newer = writer(epoch=2, dispatched=True)
    equal(await send(scene, write(newer, "A", "B")), ("written",))
    await scene.settle("a", "work#1", "done", then=Done(), epoch=2)
    equal(await send(scene, write(newer, "x", after=2)), ("fenced",))
    equal(await texts(scene), "AB")


@STREAMS.check()
async def a_failed_attempt_is_taken_back(scene: Scene) -> None:
    """What an attempt has written goes, in all streams; what others have written moves up; and the attempt writes
    no more. Doing so again changes nothing."""
    await scene.create(held("a"))
    other = writer("other#1")
    await send(scene, write(writer(), "a"), write(other, "X"), write(writer(), "b", after=1))
    await send(scene, write(other, "Y", after=1), write(writer(), "c", name="t"))
    before = (await page(scene)).epoch
    for _ in range(2):
        equal(await send(scene, supersede(writer())), ("written",))
    equal((await texts(scene), await texts(scene, name="t")), ("XY", ""))
    now = await page(scene, epoch=before)
    equal((now.tail, now.epoch, now.rewound_to), (2, before + 1, 0))
    equal(await send(scene, write(writer(), "x", after=2)), ("fenced",))
    equal(await send(scene, write(writer(attempt=2), "d")), ("written",))
    equal(await send(scene, write(writer(), "x", after=2)), ("fenced",))
    for start in range(4):
        equal(await texts(scene, start), "XYd"[start:], f"what comes from {start} on")
    equal(await send(scene, write(other, "Z", after=2)), ("written",))
    equal(await texts(scene), "XYdZ")


@STREAMS.check()
async def a_newer_owner_takes_back(scene: Scene) -> None:
    """The first write of a step's newer owner takes back what the step wrote to that stream before; told to, it
    takes back the rest, and leaves its own."""
    await scene.create(held("a"))
    await send(scene, write(writer(), "a", "b"), write(writer(), "c", name="t"))
    await send(scene, write(writer("other#1"), "X"))
    await scene.advance("a", then=Release())
    await scene.claim()
    newer = writer(epoch=2)
    equal(await send(scene, write(newer, "A")), ("written",))
    equal((await texts(scene), await texts(scene, name="t")), ("XA", "c"))
    equal(await send(scene, supersede(newer, own=False)), ("written",))
    equal((await texts(scene), await texts(scene, name="t")), ("XA", ""))
    equal(await send(scene, write(newer, "B", after=1)), ("written",))
    equal(await texts(scene), "XAB")


@STREAMS.check()
async def what_is_to_be_kept_stays(scene: Scene) -> None:
    """Kept chunks have their indexes for good: neither a failure, nor the next attempt, nor a newer owner takes them
    back. Who has written before is fenced as ever."""
    await scene.create(held("a"))
    first, second = writer(keep=True), writer(keep=True, attempt=2)
    await send(scene, write(first, "a", "b"), write(writer(), "x", name="t"), supersede(writer()))
    equal((await texts(scene), await texts(scene, name="t")), ("ab", ""))
    equal(await send(scene, write(first, "b", "c", after=1)), ("written",))
    equal(await send(scene, write(second, "d")), ("written",))
    equal(await send(scene, write(first, "x", after=3)), ("fenced",))
    await scene.advance("a", then=Release())
    await scene.claim()
    newer = writer(keep=True, epoch=2)
    answers = await send(
        scene, write(newer, "e", close=True), supersede(writer(epoch=2), own=False)
    )
    equal(answers, ("written", "written"))
    equal(await send(scene, write(second, "x", after=1)), ("fenced",))
    found = await page(scene)
    equal((await texts(scene), found.tail, found.epoch, found.over), ("abcde", 5, 0, True))


@STREAMS.check()
async def what_a_dispatched_step_keeps_stays(scene: Scene) -> None:
    """The same, written by a dispatched step, to which its own epoch counts."""
    await scene.create(held("a"))
    await scene.dispatch("a", dispatch("work#1"))
    await scene.claim_steps("other")
    by = writer(dispatched=True, keep=True)
    equal(await send(scene, write(by, "a")), ("written",))
    scene.clock.move(2 * LEASE)
    await scene.claim_steps("third")
    equal(await send(scene, write(by, "x", after=1)), ("fenced",))
    newer = writer(epoch=2, dispatched=True, keep=True)
    equal(await send(scene, write(newer, "b")), ("written",))
    equal(await texts(scene), "ab")


@STREAMS.check()
async def within_one_batch(scene: Scene) -> None:
    """What comes later in a batch builds on what came before."""
    await scene.create(held("a"))
    await send(scene, write(writer("other#1"), "X"))
    answers = await send(
        scene,
        write(writer(), "a", "b"),
        write(writer("other#1"), "Y", after=1),
        supersede(writer()),
        write(writer(attempt=2), "c"),
        write(writer(), "x", after=2),
    )
    equal(answers, ("written", "written", "written", "written", "fenced"))
    equal(await texts(scene), "XYc")
    await send(scene, supersede(writer("other#1")), write(writer(attempt=2), "d", after=1))
    equal(await texts(scene), "cd")


@STREAMS.check()
async def readers_hear_of_rewinds(scene: Scene) -> None:
    """A page tells the lowest index that was rewound to since the epoch that the reader knows."""
    await scene.create(held("a"))
    other = writer("other#1")
    await send(scene, write(other, "X", "Y"), write(writer(), "a"))
    first = (await page(scene)).epoch
    await send(scene, supersede(writer()), write(writer(attempt=2), "b", "c"))
    second = (await page(scene)).epoch
    await send(scene, write(other, "Z", after=2))
    equal((await page(scene, epoch=first)).rewound_to, 2)
    equal((await page(scene, epoch=second)).rewound_to, None)
    await send(scene, supersede(other))
    equal((await page(scene, epoch=first)).rewound_to, 0)
    third = (await page(scene)).epoch
    await send(scene, supersede(writer(attempt=2)))
    equal([(await page(scene, epoch=one)).rewound_to for one in (first, second, third)], [0, 0, 0])
    equal((await page(scene)).rewound_to, None)


@STREAMS.check()
async def closed_streams_take_nothing(scene: Scene) -> None:
    """After a close nothing is written, by whomever; until the attempt that has closed it is taken back."""
    await scene.create(held("a"))
    equal(await send(scene, write(writer(), "a", close=True)), ("written",))
    true((await page(scene)).over, "a closed stream is over")
    answers = await send(
        scene,
        write(writer(), "x", after=1),
        write(writer("other#1"), "x"),
        write(writer("other#1"), close=True),
        write(writer(), after=1, close=True),
        write(writer(), "b", name="t"),
    )
    equal(answers, ("closed", "closed", "closed", "written", "written"))
    equal(await send(scene, supersede(writer())), ("written",))
    true(not (await page(scene)).over, "what a failed attempt has closed is open again")
    equal(await send(scene, write(writer(attempt=2), "A", close=True)), ("written",))
    equal(await texts(scene), "A")


@STREAMS.check()
async def they_are_listed(scene: Scene) -> None:
    """The streams of a run are listed by name, with what they have."""
    await scene.create(held("a"))
    equal(await scene.world.streams.states("a"), ())
    await send(scene, write(writer(), "a", "b", name="z"), write(writer(), close=True, name="é"))
    states = present(await scene.world.streams.states("a"))
    got = [(one.name, one.chunks, one.bytes, one.over) for one in states]
    equal(got, [("z", 2, 2, False), ("é", 0, 0, True)])


@STREAMS.check()
async def they_go_with_their_run(scene: Scene) -> None:
    """Pruning a run deletes its streams, and no other's."""
    for run_id in "ab":
        await scene.create(held(run_id))
        await send(scene, write(writer(), run_id, run_id=run_id))
    await scene.advance("a", "over", then=End(status=RunStatus.COMPLETED))
    scene.clock.move(SECOND)
    equal(await scene.world.retention.prune(PruneRequest(ended_before=scene.clock.now())), 1)
    equal(await scene.world.streams.states("a"), None)
    await scene.create(draft("a"))
    equal((await scene.world.streams.states("a"), await texts(scene)), ((), ""))
    equal(len(present(await scene.world.streams.states("b"))), 1)


@STREAMS.check(needs="shared")
async def writing_is_news(scene: Scene) -> None:
    """Others hear of what is written."""
    await scene.create(held("a"))
    async with scene.another() as other:
        mark = other.world.news.mark()
        await send(scene, write(writer(), "a"))
        await other.world.news.changed(mark)
        equal(await texts(other), "a")
