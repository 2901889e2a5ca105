"""What can be awaited and is done already: calls that work with an `await` and without one."""

from collections.abc import Awaitable, Generator
from typing import Any


class Done(Awaitable[None]):
    """Awaiting it takes no time, and gives `None`."""

    def __await__(self) -> Generator[Any, None, None]:
        return
        yield
