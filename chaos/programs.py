"""What the runs do: small programs drawn from a seed, and what somebody outside does with each run.

A program is a JSON tree, `{kind: operand}`. What it comes to, and which steps it records, does not depend on who is
faster: what races has one side that is slower, by a day, than the other side and any recovery together. Failures
stand where nothing runs beside them that could be recorded or not.
"""

import random
from collections.abc import Callable
from typing import Any, Final, Literal, TypeAlias

import msgspec

Program: TypeAlias = dict[str, Any]
Act: TypeAlias = Literal["nothing", "cancel", "wake", "delay"]

RETRIES: Final = 2
"""How often the steps try again."""
DEPTH: Final = 3
LONG: Final = 0.15
"""The share of runs that take seconds: they are still there when a worker that was paused comes back."""


class Errand(msgspec.Struct, frozen=True):
    """One run to start."""

    run_id: str
    program: Program
    act: Act
    """What is done with it from outside. `delay` is done at the start."""
    pace: float
    """A number from 0 to 1: how soon that is done."""

    @property
    def lingers(self) -> bool:
        """Whether it sleeps until somebody cancels or wakes it."""
        return self.act in ("cancel", "wake")


def errands(seed: int, runs: int) -> list[Errand]:
    """The runs of a seed: the same ones each time."""
    return [_errand(seed, number) for number in range(runs)]


def _errand(seed: int, number: int) -> Errand:
    rng = random.Random(f"chaos/{seed}/{number}")
    act: Act = rng.choices(("nothing", "cancel", "wake", "delay"), (85, 5, 5, 5))[0]
    drawing = _Drawing(rng)
    program = drawing.program(DEPTH, may_fail=act != "cancel")
    if act == "nothing" and rng.random() < LONG:
        program = {"sequence": [*drawing.slow_steps(), program]}
    if act == "wake":  # in a run of its own: who wakes twice must not end sleeps that come later
        program = {"child": program}
    return Errand(f"chaos-{seed}-{number}", program, act, rng.random())


class _Drawing:
    """Draws one program."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._names = 0

    def program(self, depth: int, *, may_fail: bool) -> Program:
        if depth == 0 or self._rng.random() < 0.15:
            return self._leaf(may_fail=may_fail)
        draw = self._rng.choices((self._combined, self._wrapped), (3, 2))[0]
        return draw(depth - 1, may_fail)

    def slow_steps(self) -> list[Program]:
        """Some seconds of work."""
        steps = self._rng.randint(6, 16)
        return [{"work": [self._number(), 0, self._rng.randint(100, 400)]} for _ in range(steps)]

    def _leaf(self, *, may_fail: bool) -> Program:
        kinds = ("work", "thread", "remote", "sleep", "note", "mark", "draw", "dawdle", "doomed")
        kind = self._rng.choices(kinds, (30, 8, 14, 12, 6, 6, 6, 6, 4))[0]
        return {kind: self._operands[kind](self, may_fail)}

    def _combined(self, depth: int, may_fail: bool) -> Program:  # noqa: FBT001 - passed on
        kind = self._rng.choices(("sequence", "gather", "group", "as_completed"), (5, 3, 2, 1))[0]
        alone = may_fail and kind == "sequence"
        parts = [self.program(depth, may_fail=alone) for _ in range(self._rng.randint(2, 4))]
        return {kind: parts}

    def _wrapped(self, depth: int, may_fail: bool) -> Program:  # noqa: FBT001 - passed on
        kinds = ("race", "hurry", "attempt", "child", "detached", "cancelled_child", "overtaken")
        kind = self._rng.choices(kinds, (2, 2, 3, 4, 1, 1, 2))[0]
        failures = kind in ("attempt", "detached") or (may_fail and kind != "cancelled_child")
        return {kind: self.program(depth, may_fail=failures)}

    def _work(self, may_fail: bool) -> list[int]:  # noqa: FBT001 - the same for all operands
        failures = self._rng.choices((0, 1, RETRIES, RETRIES + 1), (80, 10, 5, 5))[0]
        return [self._number(), failures if may_fail else min(failures, RETRIES), self._millis(40)]

    def _named(self, _: bool) -> list[Any]:  # noqa: FBT001 - the same for all operands
        """No two places set one attribute: which came last would depend on who is faster."""
        self._names += 1
        return [f"note{self._names}", self._number()]

    def _number(self) -> int:
        return self._rng.randint(1, 99)

    def _millis(self, most: int) -> int:
        return self._rng.randint(0, most)

    _operands: Final[dict[str, Callable[["_Drawing", bool], Any]]] = {
        "work": _work,
        "remote": _work,
        "thread": lambda self, _: [self._number(), self._millis(20)],
        "sleep": lambda self, _: self._millis(400),
        "note": _named,
        "mark": _named,
        "draw": lambda self, _: self._number(),
        "dawdle": lambda self, _: self._millis(300),
        "doomed": lambda self, _: self._number(),
    }
