"""For tests of workflows, and of what is built around them. Needs no test framework.

- `SkippingClock`: time passes only when nothing else happens, so a month of sleep takes a millisecond.
- `Signals`: wait for what happens instead of sleeping.
- `record_history`, `assert_replays`: recorded logs still fit the code.
- `FaultyWorld`, `crash` and the faults: the database fails, the process dies, at the call you say.
- `outlast.testing.conformance`: what a world must do, for those who write one.
"""

from outlast.testing.clock import SkippingClock
from outlast.testing.crashing import crash
from outlast.testing.faults import Crash, Delay, Fault, LoseNews, Repeat, Stall, Unavailable
from outlast.testing.faulty import FaultyWorld
from outlast.testing.histories import History, RecordedEvent, record_history
from outlast.testing.replaying import ReplayReport, assert_replays, replay
from outlast.testing.signals import Signal, Signals

__all__ = [
    "Crash",
    "Delay",
    "Fault",
    "FaultyWorld",
    "History",
    "LoseNews",
    "RecordedEvent",
    "Repeat",
    "ReplayReport",
    "Signal",
    "Signals",
    "SkippingClock",
    "Stall",
    "Unavailable",
    "assert_replays",
    "crash",
    "record_history",
    "replay",
]
