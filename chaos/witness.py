"""What workers leave behind beside the log: a line for each claim and for each execution of a step.

A line is one write to a file that is only added to, made before what it tells of has any effect: so it is there,
whole, although its process was killed in the next moment. One file a process.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import msgspec


class Claimed(msgspec.Struct, frozen=True, tag="claimed"):
    """A run was claimed. The first `position` events of its log are those of earlier epochs."""

    run_id: str
    epoch: int
    position: int


class StepClaimed(msgspec.Struct, frozen=True, tag="step_claimed"):
    """A dispatched step was claimed."""

    run_id: str
    ref: str
    epoch: int


class Executed(msgspec.Struct, frozen=True, tag="executed"):
    """An attempt of a step begins."""

    run_id: str
    ref: str
    attempt: int
    epoch: int
    """Of the claim under which it is made: of the run, or of the step if that was dispatched."""
    seen: int | None
    """How many events of the log its owner knew; `None` for a dispatched step."""


class Fenced(msgspec.Struct, frozen=True, tag="fenced"):
    """What the worker had to say of a run was refused."""

    run_id: str


Testimony: TypeAlias = Claimed | StepClaimed | Executed | Fenced


class Witness:
    """The file of one process."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, testimony: Testimony) -> None:
        """Write it down. It outlives the process, not the machine."""
        os.write(self._descriptor, msgspec.json.encode(testimony) + b"\n")

    def close(self) -> None:
        """Nothing more is written."""
        os.close(self._descriptor)


def testimonies(folder: Path) -> Iterator[Testimony]:
    """What all processes wrote down in the files of a folder, each in its order."""
    decode = msgspec.json.Decoder(Testimony).decode
    for path in sorted(folder.glob("*.witness")):
        yield from map(decode, path.read_bytes().splitlines())
