"""Faults that can be put into the calls of a world: one closed union of frozen records.

Each counts the calls from where it is put in, all of them or those of one name; the first is number 1.
The names are those of the contract's methods: `commit`, `read`, `register`, `unregister`, `claim`, `renew`,
`reap`, `next_due`, `nudged`, `unblock`, `get`, `find`, `counts`, `series`, `ended`, `hook`, `hooks`, `workers`,
`save_manifest`, `manifest`, `prune`; those of the queue of steps are `claim_steps`, `next_step_due`, `held_steps`, and
those of streams `write_streams`, `read_stream`, `stream_states`.
"""

from typing import Final, Literal, TypeAlias, get_args

import msgspec

CALLS: Final = frozenset(
    {
        *("commit", "read"),
        *("register", "unregister", "claim", "renew", "reap", "next_due", "nudged", "unblock"),
        *("get", "find", "counts", "series", "ended", "hook", "hooks", "workers"),
        *("save_manifest", "manifest", "prune"),
        *("claim_steps", "next_step_due", "held_steps"),
        *("write_streams", "read_stream", "stream_states"),
    }
)
"""The names of the calls."""


class Crash(msgspec.Struct, frozen=True, kw_only=True):
    """The process stops: the call never returns, and none after it reaches the world."""

    call: int
    """Which call it strikes: 1 is the first from where it is put in."""
    when: Literal["before", "after"] = "before"
    """Whether the world had carried the call out."""
    of: str | None = None
    """Count only the calls of this name, such as `commit`; all calls if it is `None`."""


class Stall(msgspec.Struct, frozen=True, kw_only=True):
    """The process stands still: the call waits, and all after it, until `FaultyWorld.resume`."""

    call: int
    """Which call it strikes: 1 is the first from where it is put in."""
    when: Literal["before", "after"] = "before"
    """Whether the world had carried the call out; its answer waits then."""
    of: str | None = None
    """Count only the calls of this name, such as `commit`; all calls if it is `None`."""


class Unavailable(msgspec.Struct, frozen=True, kw_only=True):
    """The world cannot be reached: the call, and the next ones, raise `WorldUnavailableError`."""

    call: int
    """Which call it strikes: 1 is the first from where it is put in."""
    times: int = 1
    """So many calls fail."""
    when: Literal["before", "after"] = "before"
    """Whether the world had carried the call out, and only its answer did not arrive."""
    of: str | None = None
    """Count only the calls of this name, such as `commit`; all calls if it is `None`."""


class Delay(msgspec.Struct, frozen=True, kw_only=True):
    """The call takes long: what else is ready on the event loop overtakes it."""

    call: int
    """Which call it strikes: 1 is the first from where it is put in."""
    turns: int = 20
    """So many turns of the event loop."""
    of: str | None = None
    """Count only the calls of this name, such as `commit`; all calls if it is `None`."""


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """What the commit appends to logs from outside, or says of dispatched steps, is delivered twice, as
    by a sender that did not hear that it had arrived."""

    call: int
    """Which call it strikes: 1 is the first from where it is put in."""
    of: str | None = "commit"
    """Count only the calls of this name, such as `commit`; all calls if it is `None`."""


class LoseNews(msgspec.Struct, frozen=True, kw_only=True):
    """So many notices that somebody else has written are lost; the next write is noticed again."""

    times: int = 1


Fault: TypeAlias = Crash | Stall | Unavailable | Delay | Repeat | LoseNews


def check_fault(fault: Fault) -> None:
    """Raise `TypeError` or `ValueError` for a fault that would never strike: a test would wait for it for ever."""
    given: object = fault
    if not isinstance(given, get_args(Fault)):
        message = f"{given!r} is no fault: give one such as Crash(call=1)"
        raise TypeError(message)
    if isinstance(fault, LoseNews):
        return
    if fault.call < 1:
        message = f"{fault!r} never strikes: the first call is number 1"
        raise ValueError(message)
    if fault.of not in {None, *CALLS}:
        message = f"{fault!r} never strikes: no call is named so; the names are {', '.join(sorted(CALLS))}"
        raise ValueError(message)
    if getattr(fault, "when", "before") not in ("before", "after"):
        message = f"{fault!r} never strikes: `when` is 'before' or 'after'"
        raise ValueError(message)
