"""What a caller asks of the world, as a tracer follows it."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from outlast.instrument import Undertaking

CREATED: Final = "created"
EXISTING: Final = "existing"
NOT_TRACED: Final = Undertaking()
"""Where nobody follows."""


@contextmanager
def traced(undertaking: Undertaking) -> Generator[Callable[[str], None]]:
    """Tell the undertaking how it has ended: what the body says last, or `failed` if it raises."""
    outcome = "failed"

    def ended(how: str) -> None:
        nonlocal outcome
        outcome = how

    try:
        yield ended
    finally:
        undertaking.end(outcome)
