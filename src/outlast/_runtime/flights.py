"""A batch on its way to the world, with those who wait for its answers."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import msgspec

from outlast._clock import Micros
from outlast.world import (
    Advance,
    Advanced,
    Append,
    Appended,
    Batch,
    ClaimRequest,
    Created,
    Deliver,
    Delivered,
    End,
    Receipt,
    RunDraft,
    Settle,
    Settled,
)


class Advancing(Protocol):
    """A live run, as far as the committer sees it."""

    def take_advance(self) -> Advance | None:
        """What it has to write now; `None` if there is nothing after all."""
        ...

    def advanced(self, answer: Advanced, at: Micros) -> None:
        """It was committed, or refused."""
        ...

    def abandoned(self, error: Exception) -> None:
        """It could not be committed, and never will be."""
        ...


OnCreated: TypeAlias = Callable[[Created | Exception, Micros], None]
OnAppended: TypeAlias = Callable[[Appended | Exception], None]
OnSettled: TypeAlias = Callable[[Settled | Exception], None]
OnDelivered: TypeAlias = Callable[[Delivered | Exception, Micros], None]

Calls: TypeAlias = deque[tuple[Callable[..., None], tuple[Any, ...]]]
"""What is to be called, with which arguments."""


class Flight(msgspec.Struct, kw_only=True, gc=False):
    """What one transaction writes, each part with who wants to know."""

    creates: Sequence[tuple[RunDraft, OnCreated]] = ()
    advances: Sequence[tuple[Advance, Advancing]] = ()
    appends: Sequence[tuple[Append, OnAppended]] = ()
    settles: Sequence[tuple[Settle, OnSettled]] = ()
    deliveries: Sequence[tuple[Deliver, OnDelivered]] = ()
    began: Micros = 0
    failures: int = 0
    """How often the world could not be reached, or did not answer."""

    def __len__(self) -> int:
        runs = len(self.creates) + len(self.advances) + len(self.appends)
        return runs + len(self.settles) + len(self.deliveries)

    @property
    def wakes(self) -> bool:
        """Whether it may make runs due that nobody holds."""
        asked = self.appends or self.deliveries or self.settles
        return bool(
            asked or any(draft.token is not None for draft, _ in self.creates) or self._notices()
        )

    def batch(self, claim: ClaimRequest | None = None) -> Batch:
        """What the world is asked to write, and what to take with it."""
        return Batch(
            creates=tuple([draft for draft, _ in self.creates]),
            advances=tuple([advance for advance, _ in self.advances]),
            appends=tuple([append for append, _ in self.appends]),
            settles=tuple([settle for settle, _ in self.settles]),
            deliveries=tuple([delivery for delivery, _ in self.deliveries]),
            claim=claim,
            again=self.failures > 0,
        )

    def alone(self) -> Iterator["Flight"]:
        """Each part as a flight of its own, in the order in which the batch has them."""
        for create in self.creates:
            yield Flight(creates=(create,), failures=self.failures)
        for advance in self.advances:
            yield Flight(advances=(advance,), failures=self.failures)
        for append in self.appends:
            yield Flight(appends=(append,), failures=self.failures)
        for settle in self.settles:
            yield Flight(settles=(settle,), failures=self.failures)
        for delivery in self.deliveries:
            yield Flight(deliveries=(delivery,), failures=self.failures)

    def answers(self, receipt: Receipt) -> Calls:
        """Tell everybody what was committed."""
        calls: Calls = deque()
        for (_, created), new in zip(self.creates, receipt.created, strict=True):
            calls.append((created, (new, receipt.at)))
        for (_, run), advanced in zip(self.advances, receipt.advanced, strict=True):
            calls.append((run.advanced, (advanced, receipt.at)))
        for (_, appended), placed in zip(self.appends, receipt.appended, strict=True):
            calls.append((appended, (placed,)))
        for (_, settled), written in zip(self.settles, receipt.settled, strict=True):
            calls.append((settled, (written,)))
        for (_, delivered), got in zip(self.deliveries, receipt.delivered, strict=True):
            calls.append((delivered, (got, receipt.at)))
        return calls

    def refusals(self, error: Exception) -> Calls:
        """Tell everybody that it was not, and never will be."""
        calls: Calls = deque()
        calls.extend((created, (error, 0)) for _, created in self.creates)
        calls.extend((run.abandoned, (error,)) for _, run in self.advances)
        calls.extend((appended, (error,)) for _, appended in self.appends)
        calls.extend((settled, (error,)) for _, settled in self.settles)
        calls.extend((delivered, (error, 0)) for _, delivered in self.deliveries)
        return calls

    def touched(self, receipt: Receipt) -> list[str]:
        """The runs to whose logs it has put something from outside, and those that it has created."""
        ids = [created.run_id for created in receipt.created]
        ids += [append.run_id for append, _ in self.appends]
        ids += [settle.run_id for settle, _ in self.settles]
        ids += [delivery.run_id for delivery, _ in self.deliveries]
        return ids + [notice.run_id for notice in self._notices()]

    def events(self) -> int:
        """How many events it writes, more or less."""
        advanced = sum([len(advance.events) for advance, _ in self.advances])
        settled = sum([len(settle.events) for settle, _ in self.settles])
        return len(self.creates) + advanced + len(self.appends) + settled + len(self.deliveries)

    def _notices(self) -> list[Append]:
        """What the ends of children put into the logs of their parents."""
        ends = [advance.then for advance, _ in self.advances if isinstance(advance.then, End)]
        return [end.notify for end in ends if end.notify is not None]
