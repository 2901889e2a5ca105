"""The faults, drawn from a seed: when, which, on whom, for how long."""

import random
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import msgspec


class Kill(msgspec.Struct, frozen=True):
    """SIGKILL to a worker; another one comes a little later."""

    at: float
    whom: float
    """Which of them: from 0 to 1, over those that there are."""
    missing: float
    """Seconds until the other one comes."""


class Pause(msgspec.Struct, frozen=True):
    """SIGSTOP to a worker, and SIGCONT when its leases have ended: then it is a zombie."""

    at: float
    whom: float
    lasting: float


class Restart(msgspec.Struct, frozen=True):
    """The server goes down, and comes up again."""

    at: float
    crash: bool
    """Whether it drops everything, and has to recover from its log."""
    down: float


class Cut(msgspec.Struct, frozen=True):
    """Connections are broken off in the middle of what they do."""

    at: float
    share: float
    """How many of them, from 0 to 1."""
    unanswered: bool
    """Only when the server has done what it was asked for next: who asked never hears of it."""
    seed: int


class Slow(msgspec.Struct, frozen=True):
    """The network is slow for a while."""

    at: float
    lasting: float
    delay: float


class Stall(msgspec.Struct, frozen=True):
    """The network swallows everything for a while, and nobody is told."""

    at: float
    lasting: float


class Meddle(msgspec.Struct, frozen=True):
    """Notifications are lost, or come several times, for a while."""

    at: float
    lasting: float
    copies: int


Fault: TypeAlias = Kill | Pause | Restart | Cut | Slow | Stall | Meddle

Kind: TypeAlias = Literal[
    "kill",
    "pause",
    "restart",
    "crash",
    "cut",
    "unanswered",
    "slow",
    "stall",
    "lose",
    "repeat",
]

PROCESS_KINDS: Final[tuple[Kind, ...]] = ("kill", "pause")
NETWORK_KINDS: Final[tuple[Kind, ...]] = ("cut", "unanswered", "slow", "stall", "lose", "repeat")
SERVER_KINDS: Final[tuple[Kind, ...]] = ("restart", "crash")

WEIGHTS: Final[dict[Kind, int]] = {
    "kill": 5,
    "pause": 4,
    "restart": 1,
    "crash": 1,
    "cut": 3,
    "unanswered": 3,
    "slow": 2,
    "stall": 2,
    "lose": 2,
    "repeat": 2,
}


def draw(
    seed: int, kinds: Sequence[Kind], *, count: int, seconds: float, lease: float
) -> list[tuple[Kind, Fault]]:
    """So many faults of these kinds within the time, in the order in which they come.

    Each kind is there, if there are enough of them.
    """
    rng = random.Random(f"chaos/{seed}/faults")
    drawn = list(kinds[:count])
    weights = [WEIGHTS[kind] for kind in kinds]
    drawn += rng.choices(kinds, weights, k=count - len(drawn)) if kinds else []
    rng.shuffle(drawn)
    times = sorted(rng.uniform(0.05, 1) * seconds for _ in drawn)
    return [(kind, _fault(kind, at, rng, lease)) for kind, at in zip(drawn, times, strict=True)]


def _fault(kind: Kind, at: float, rng: random.Random, lease: float) -> Fault:
    match kind:
        case "kill":
            return Kill(at, rng.random(), rng.uniform(0, 1))
        case "pause":
            return Pause(at, rng.random(), lease * rng.uniform(1.1, 1.8))
        case "restart" | "crash":
            return Restart(at, kind != "restart", rng.uniform(0, 1))
        case "cut" | "unanswered":
            share, seed = rng.choice((0.2, 0.5, 1.0)), rng.randrange(1 << 30)
            return Cut(at, share, kind != "cut", seed)
        case "slow":
            return Slow(at, rng.uniform(0.5, 2), rng.uniform(0.01, 0.15))
        case "stall":
            return Stall(at, lease * rng.uniform(0.2, 1.5))
        case "lose" | "repeat":
            return Meddle(at, rng.uniform(0.5, 2), 0 if kind == "lose" else 3)
