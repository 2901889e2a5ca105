"""A live hook as the world keeps it: one row, beside the log of its run."""

import msgspec

from outlast._clock import Micros


class HookRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The row of a hook that is live. There is none of one that was disposed of, has been noticed to have
    expired, or whose run has ended."""

    token: str
    """The secret that addresses it. No two live hooks have the same."""
    run_id: str
    ref: str
    """The id of the `OpenHook` command; empty while the token is only reserved, for a run that was started
    together with a first payload and has not opened its hook yet."""
    kind: str
    """`hook` or `webhook`."""
    created_at: Micros
    expires_at: Micros | None = None
    """From then on nothing is delivered to it any more."""
    data: bytes = b"{}"
    """What those who deliver want to know of it, UTF-8 JSON."""
