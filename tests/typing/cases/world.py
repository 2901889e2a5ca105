"""The World contract: what owners decide is a closed union, records are frozen."""

from typing import assert_never, reveal_type

from outlast.world import (
    Advance,
    Batch,
    Block,
    End,
    EventLog,
    Keep,
    Receipt,
    Release,
    Suspend,
    Then,
    World,
)


def every_decision(then: Then) -> str:
    match then:
        case Keep() | Release():
            return "no data"
        case Suspend():
            return str(then.due_at)
        case Block():
            return then.problem
        case End():
            return then.status
        case other:
            assert_never(other)


def a_decision_is_forgotten(then: Then) -> str:
    match then:
        case Keep() | Release() | Suspend() | Block():
            return ""
        case other:
            assert_never(other)  # error


async def writing(world: World, log: EventLog) -> None:
    receipt = await log.commit(Batch())
    reveal_type(receipt)  # revealed: Receipt
    reveal_type(receipt.advanced[0].missed[0].data)  # revealed: bytes
    reveal_type(await world.listing.get("run_1"))  # revealed: RunRecord | None
    async with world.opened() as opened:
        reveal_type(opened)  # revealed: World


def records_are_frozen(receipt: Receipt, advance: Advance) -> None:
    receipt.at = 0  # error
    advance.seen += 1  # error
    Advance("run_1", 1, 0)  # error


class NoLog:
    """Not a log: it cannot read."""

    async def commit(self, batch: Batch) -> Receipt:
        raise RuntimeError(batch)


def is_no_log() -> EventLog:
    return NoLog()  # error
