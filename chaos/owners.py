"""What holds between owners: by the log itself, which tells whose outcomes it has, and by what workers witnessed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from chaos.evidence import Kept, Violation
from chaos.flows import DISPATCHED
from chaos.twin import CODEC
from chaos.witness import Claimed, Executed, StepClaimed, Testimony
from outlast._model.events import StepCompleted, StepFailed, StepRetried

OLD: Final = "no write by an old epoch"
AGAIN: Final = "a step is started again only if its outcome was not committed"


class Made(msgspec.Struct, frozen=True):
    """A result that is recorded, and under which claim it was made."""

    position: int
    ref: str
    epoch: int
    dispatched: bool


class Witnessed:
    """What the workers wrote down, by run."""

    def __init__(self, testimonies: Iterable[Testimony]) -> None:
        self.claims: dict[str, list[Claimed]] = defaultdict(list)
        self.step_claims: dict[str, list[StepClaimed]] = defaultdict(list)
        self.executions: dict[str, list[Executed]] = defaultdict(list)
        self.fenced = 0
        """How many times a worker was refused."""
        for one in testimonies:
            match one:
                case Claimed():
                    self.claims[one.run_id].append(one)
                case StepClaimed():
                    self.step_claims[one.run_id].append(one)
                case Executed():
                    self.executions[one.run_id].append(one)
                case _:
                    self.fenced += 1

    @property
    def execution_count(self) -> int:
        """How many attempts were begun."""
        return sum(map(len, self.executions.values()))

    @property
    def repeated(self) -> int:
        """How many of them had been begun before."""
        kept = (
            {(one.ref, one.attempt) for one in executions}
            for executions in self.executions.values()
        )
        return self.execution_count - sum(map(len, kept))

    @property
    def takeovers(self) -> int:
        """How many claims were of a run that had had an owner before."""
        return sum(one.epoch > 1 for claims in self.claims.values() for one in claims)


def check_owners(kept: Kept, witnessed: Witnessed) -> Iterator[Violation]:
    """All that holds between the owners of a run."""
    run_id = kept.row.id
    made = list(results_of(kept))
    yield from check_order(run_id, made)
    yield from check_claims(kept, made, witnessed.claims.get(run_id, []))
    yield from check_step_claims(run_id, made, witnessed.step_claims.get(run_id, []))
    yield from check_executions(kept, witnessed.executions.get(run_id, []))


def check_order(run_id: str, made: list[Made]) -> Iterator[Violation]:
    """By the database alone: once an epoch has written, none before it does."""
    highest = 0
    for one in made:
        if one.dispatched:
            continue
        if one.epoch < highest:
            what = f"{one.ref} at {one.position} is of epoch {one.epoch}, after one of {highest}"
            yield Violation(OLD, run_id, what)
        highest = max(highest, one.epoch)


def check_claims(kept: Kept, made: list[Made], claims: list[Claimed]) -> Iterator[Violation]:
    """What is in the log before a claim is of earlier epochs, and what comes after it is not."""
    run_id = kept.row.id
    for claim in claims:
        if claim.position > len(kept.stored):
            what = f"the log had {claim.position} events at epoch {claim.epoch}, and has fewer now"
            yield Violation("no event is lost", run_id, what)
        if claim.epoch > kept.row.epoch:
            yield Violation(
                OLD, run_id, f"epoch {claim.epoch} was claimed; the row has {kept.row.epoch}"
            )
        for one in made:
            if not one.dispatched and (one.position < claim.position) != (one.epoch < claim.epoch):
                yield Violation(
                    OLD,
                    run_id,
                    f"{one.ref} at {one.position} is of epoch {one.epoch}; "
                    f"epoch {claim.epoch} was claimed at {claim.position}",
                )
    for (epoch,), times in _counted((claim.epoch,) for claim in claims):
        yield Violation("one owner an epoch", run_id, f"epoch {epoch} was claimed {times} times")


def check_step_claims(
    run_id: str, made: list[Made], claims: list[StepClaimed]
) -> Iterator[Violation]:
    """The outcome of a dispatched step is that of its last claim."""
    for one in made:
        later = [claim for claim in claims if claim.ref == one.ref and claim.epoch > one.epoch]
        if one.dispatched and later:
            what = f"dispatched {one.ref} is of epoch {one.epoch}; {later[-1].epoch} was claimed"
            yield Violation(OLD, run_id, what)
    for (ref, epoch), times in _counted((claim.ref, claim.epoch) for claim in claims):
        yield Violation(
            "one owner an epoch", run_id, f"{ref}, epoch {epoch}: claimed {times} times"
        )


def check_executions(kept: Kept, executions: list[Executed]) -> Iterator[Violation]:
    """Nobody makes an attempt of which it knows the outcome, nor one twice under one claim."""
    run_id = kept.row.id
    over = _over(kept)
    for one in executions:
        position = over.get((one.ref, one.attempt), over.get((one.ref, None)))
        if one.seen is not None and position is not None and position < one.seen:
            what = f"attempt {one.attempt} of {one.ref} was begun at {one.seen}, over at {position}"
            yield Violation(AGAIN, run_id, what)
    made = ((one.ref, one.attempt, one.epoch) for one in executions)
    for (ref, attempt, epoch), times in _counted(made):
        what = f"attempt {attempt} of {ref} was begun {times} times at epoch {epoch}"
        yield Violation(AGAIN, run_id, what)


def results_of(kept: Kept) -> Iterator[Made]:
    """The results in a log. (Errors do not tell whose they are.)"""
    for logged in kept.log:
        event = logged.event
        if isinstance(event, StepCompleted):
            epoch = CODEC.decode(event.result)["epoch"]
            yield Made(logged.position, event.id, epoch, event.name in DISPATCHED)


def _over(kept: Kept) -> dict[tuple[str, int | None], int]:
    """Where the log tells that an attempt, or (`None`) the whole step, is over."""
    found: dict[tuple[str, int | None], int] = {}
    for logged in kept.log:
        event = logged.event
        if isinstance(event, StepRetried):
            found.setdefault((event.id, event.attempt), logged.position)
        elif isinstance(event, StepCompleted | StepFailed):
            found.setdefault((event.id, None), logged.position)
    return found


def _counted(keys: Iterable[tuple[object, ...]]) -> Iterator[tuple[tuple[object, ...], int]]:
    """Those that are there more than once, and how often."""
    yield from ((key, times) for key, times in Counter(keys).items() if times > 1)
