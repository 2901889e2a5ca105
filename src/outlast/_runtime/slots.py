"""Room for attempts."""

from collections import deque
from collections.abc import Callable


class Slots:
    """So many attempts at once; what comes beyond that waits for its turn, in order."""

    def __init__(self, limit: int) -> None:
        self._free = limit
        self._waiting: deque[Callable[[], bool]] = deque()

    @property
    def free(self) -> int:
        """For how many more attempts there is room."""
        return self._free

    def enter(self, begin: Callable[[], bool]) -> None:
        """Call `begin` now or, when there is no room, once there is. If it gives true, it must lead to
        one `leave`; if it gives false, it takes no room."""
        if not self._free:
            self._waiting.append(begin)
        elif begin():
            self._free -= 1

    def leave(self) -> None:
        """An attempt is over: its room goes to the next one."""
        while self._waiting:
            if self._waiting.popleft()():
                return
        self._free += 1
