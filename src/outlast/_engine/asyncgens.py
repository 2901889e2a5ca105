"""Async generators of workflows: closed by their own loop, in its own order, or not at all.

The hooks are set once a thread and not for each turn: setting them costs four audit events. They tell
workflows' generators from the host's by who first iterated them.
"""

import sys
import threading
from asyncio import events
from collections.abc import AsyncGenerator
from typing import Any, ClassVar, Final, Protocol


class Owner(Protocol):
    """A loop that closes its own generators."""

    asyncgens: dict[int, None]
    """The ids of those that it has begun to iterate."""

    def close_asyncgen(self, agen: AsyncGenerator[Any, Any]) -> None:
        """One of them has been dropped before its end."""
        ...


def hook_asyncgens() -> None:
    """See to it that the hooks of this thread are these, in front of the host loop's."""
    hooks = sys.get_asyncgen_hooks()
    if hooks.finalizer is not _dropped:
        _host.hooks = _Host.elsewhere = hooks
        sys.set_asyncgen_hooks(firstiter=_begun, finalizer=_dropped)


def forget_asyncgens(owner: Owner) -> None:
    """The loop is closed: what it has begun is never closed by anybody."""
    for one in owner.asyncgens:
        if _owners.get(one) is owner:
            _owners[one] = None


class _Host(threading.local):
    hooks: Any = None
    elsewhere: ClassVar[Any] = None
    """For threads without hooks: the garbage collector may find there what a loop in another thread has begun."""


_host: Final = _Host()
_owners: Final[dict[int, Owner | None]] = {}
"""By id: ids are used again, but each generator is entered, or taken out, when it is first iterated."""


def _begun(agen: AsyncGenerator[Any, Any]) -> None:
    loop: Any = events._get_running_loop()
    one = id(agen)  # an audit event: asked for once
    if hasattr(loop, "asyncgens"):
        _owners[one] = loop
        loop.asyncgens[one] = None
        return
    _owners.pop(one, None)
    # The hooks may be those of a loop that is over: a loop restores what it found, and may find these.
    begun: Any = _host.hooks.firstiter
    if begun is not None and getattr(begun, "__self__", loop) is loop:
        begun(agen)


def _dropped(agen: AsyncGenerator[Any, Any]) -> None:
    one = id(agen)
    if one not in _owners:
        dropped: Any = (_host.hooks or _Host.elsewhere).finalizer
        loop: Any = getattr(dropped, "__self__", None)
        if dropped is not None and (loop is None or not loop.is_closed()):
            dropped(agen)
        return
    owner = _owners.pop(one)
    # Dropped by the garbage collector, at whatever time that ran: the order would be nobody's. Only
    # what the code itself dropped, in its own turn, is closed.
    running: object = events._get_running_loop()
    if owner is not None and owner is running:
        owner.close_asyncgen(agen)
