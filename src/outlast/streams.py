"""The output of runs while they go on: `writable` in steps, `run.stream` for readers, and what belongs to them."""

from outlast._api.writable import Writable, writable
from outlast.records import Rewind, StreamInfo

__all__ = ["Rewind", "StreamInfo", "Writable", "writable"]
