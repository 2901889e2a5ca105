"""Where in a value something is wrong: found out while the walk unwinds, so it costs nothing else."""

import reprlib
from typing import Final

CYCLE: Final = "which contains itself"


class Trailed(Exception):  # noqa: N818 - a private carrier; it becomes an EncodeError or DecodeError
    """Carries a reason up through the walk, which adds the way from each container it leaves."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self._trail: list[tuple[str, object]] = []

    def under(self, segment: str, container: object = None) -> None:
        """Note that what is wrong lies at `segment` of `container`."""
        self._trail.append((segment, container))

    @property
    def path(self) -> str:
        """The way from the root: `$.items[3].client`. For a cycle, the way to its first repetition."""
        return "$" + "".join(segment for segment, _ in self._way())

    def _way(self) -> list[tuple[str, object]]:
        return self._trail[::-1]


class Unreadable(Trailed):
    """A part of a stored value cannot be turned back."""


class Refused(Trailed):
    """A part of a value has no durable form."""

    def __init__(self, value: object, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason)
        self.value_type, self.hint = type_name(type(value)), hint


class TooDeep(Refused):
    """A value is nested too deeply, perhaps because it contains itself: the trail tells."""

    def __init__(self, value: object, limit: int) -> None:
        super().__init__(value, f"which is nested deeper than {limit} levels")

    def settle(self) -> None:
        """Once at the root: if a container occurs in itself, say that instead."""
        seen: set[int] = set()
        way = self._way()
        for index, (_, container) in enumerate(way):
            if container is not None and id(container) in seen:
                self.reason, self.value_type = CYCLE, type_name(type(container))
                self._trail = way[:index][::-1]
                return
            seen.add(id(container))


def member(key: object) -> str:
    """The segment of a dict's value."""
    if type(key) is str and key.isidentifier():
        return f".{key}"
    try:
        return f"[{reprlib.repr(key)}]"
    except Exception:  # noqa: BLE001 - a user's __repr__ may do anything, and this is about another error
        return f"[<{type_name(type(key))}>]"


def type_name(cls: type) -> str:
    """How people call a class: `ValueError`, `shop.orders.Order`."""
    if cls.__module__ == "builtins":
        return cls.__qualname__
    return f"{cls.__module__}.{cls.__qualname__}"
