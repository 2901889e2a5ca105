"""What a run ended with."""

from typing import TypeAlias

import msgspec


class Completed(msgspec.Struct, frozen=True):
    """The workflow returned. The result is encoded."""

    result: bytes


class Failed(msgspec.Struct, frozen=True):
    """The workflow raised. The error is encoded."""

    error: bytes


class Cancelled(msgspec.Struct, frozen=True):
    """The workflow was cancelled and did not catch it."""

    reason: str | None


Outcome: TypeAlias = Completed | Failed | Cancelled
