"""Which attempt the current code belongs to."""

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # an attempt announces itself here
    from outlast._runtime.attempts import Attempt

CURRENT_ATTEMPT: Final[ContextVar["Attempt | None"]] = ContextVar("outlast_attempt", default=None)
