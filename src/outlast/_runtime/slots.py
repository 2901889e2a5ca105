"""Room for attempts."""

from collections import deque
from collections.abc import Callable


class Slots:
    """So many attempts at once; what comes beyond that waits for its turn, in order."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: deque[Callable[[], None]] = deque()

    def enter(self, begin: Callable[[], None]) -> None:
        """Call `begin` now or, when there is no room, once there is. It must lead to one `leave`."""
        if self._free:
            self._free -= 1
            begin()
        else:
            self._waiting.append(begin)

    def leave(self) -> None:
        """An attempt is over: its room goes to the next one."""
        if self._waiting:
            self._waiting.popleft()()
        else:
            self._free += 1
