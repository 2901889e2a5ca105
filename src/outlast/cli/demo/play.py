"""The play: start runs, kill their worker on the way, start another one, see them end."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import msgspec

from outlast import App, Run
from outlast._clock import pause
from outlast.cli.demo.stage import Stage
from outlast.cli.problem import Problem
from outlast.cli.times import current_time
from outlast.records import EventRecord, RunInfo

TICK: Final = 0.04
"""So many seconds are between two looks at the database."""
PATIENCE: Final = timedelta(seconds=60)
"""Without a new event for so long, the demo gives up."""
EVENTS_BESIDE_FILES: Final = 5
"""A run's events beside one for each file: created, files found, slept, summarized, completed."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be played."""

    runs: int = 1
    kills: int = 1
    files: int | None = None
    """So many files at most; all by default."""
    pause: float = 1.0
    """How long the workflow sleeps, in seconds."""
    seed: int | None = None
    """Of the moments of the kills; `None`: evenly over the runs, a single one half way."""

    def moments(self) -> list[float]:
        """When to kill: as parts of all events, ascending."""
        if self.seed is None:
            return [(number + 1) / (self.kills + 1) for number in range(self.kills)]
        chance = random.Random(self.seed)  # noqa: S311 - the moments of a demo
        return sorted(chance.uniform(0.02, 0.98) for _ in range(self.kills))


class Kill(msgspec.Struct, frozen=True, kw_only=True):
    """The death of a worker."""

    at: datetime
    pid: int
    events: int
    """How many events all runs together had."""
    in_flight: frozenset[str]
    """The steps that had been begun, by their own account, and were not recorded."""


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What happened."""

    infos: tuple[RunInfo, ...]
    logs: tuple[tuple[EventRecord, ...], ...]
    kills: tuple[Kill, ...]
    executions: Counter[str]
    """How often each step was executed, by its own account."""


class Audience(Protocol):
    """Is told of what happens."""

    def begun(self, *, files: int, total: int) -> None: ...
    def worker_started(self, pid: int) -> None: ...
    def progress(self, events: int) -> None: ...
    def worker_killed(self, kill: Kill) -> None: ...


async def play(plan: Plan, stage: Stage, audience: Audience) -> Played:
    """Play it all. Raises `Problem` if a worker fails by itself, or nothing goes on."""
    module = stage.load()
    files = len(module.list_files(plan.files))
    total = plan.runs * (files + EVENTS_BESIDE_FILES)
    async with App(stage.url, worker=False) as app:
        audience.begun(files=files, total=total)
        runs = [
            await app.start(module.index_library(plan.files, plan.pause)) for _ in range(plan.runs)
        ]
        act = _Act(app, stage, runs, audience)
        try:
            for moment in plan.moments():
                await act.kill_at(round(moment * total))
            await act.finish()
        finally:
            await stage.stop_worker()
        return Played(
            infos=tuple([await run.info() for run in runs]),
            logs=tuple([tuple(await run.events()) for run in runs]),
            kills=tuple(act.kills),
            executions=stage.executions(),
        )


class _Act:
    """The state of a play."""

    def __init__(
        self, app: App, stage: Stage, runs: Sequence[Run[Any]], audience: Audience
    ) -> None:
        self.kills: list[Kill] = []
        self._app, self._stage, self._runs, self._audience = app, stage, runs, audience
        self._pid: int | None = None
        self._events = 0
        self._changed_at = current_time()

    async def kill_at(self, events: int) -> None:
        """Kill the worker as soon as there are so many events. If all is over before, nobody is killed."""
        if not await self._reach(events) or self._pid is None:
            return
        at, pid = current_time(), self._pid
        await self._stage.kill_worker()
        self._pid = None
        recorded, count = await self._recorded()
        begun = frozenset(self._stage.executions())
        kill = Kill(at=at, pid=pid, events=count, in_flight=begun - recorded)
        self.kills.append(kill)
        self._audience.worker_killed(kill)

    async def finish(self) -> None:
        """Until all runs are over."""
        await self._reach(None)

    async def _reach(self, events: int | None) -> bool:
        """Wait for so many events; false if all runs are over before."""
        if self._pid is None:
            self._pid = await self._stage.start_worker()
            self._audience.worker_started(self._pid)
        while True:
            infos = await self._look()
            if all(info.ended_at is not None for info in infos):
                return False
            if events is not None and self._events >= events:
                return True
            self._stage.check_worker()
            await self._tick()

    async def _look(self) -> list[RunInfo]:
        infos = [*(await self._app.list_runs(limit=len(self._runs))).runs]
        if len(infos) < len(self._runs) or {i.id for i in infos} != {r.id for r in self._runs}:
            infos = [await run.info() for run in self._runs]
        events = sum(info.events for info in infos)
        if events != self._events:
            self._events, self._changed_at = events, current_time()
        self._audience.progress(events)
        return infos

    async def _tick(self) -> None:
        if current_time() - self._changed_at > PATIENCE:
            raise Problem(
                f"nothing was recorded for {PATIENCE.seconds} seconds",
                hint=f"Look at the worker's log: {self._stage.log_file} (with --keep)",
            )
        await pause(TICK)

    async def _recorded(self) -> tuple[set[str], int]:
        """The full ids of all steps with a recorded outcome, and the number of all events."""
        recorded: set[str] = set()
        count = 0
        for run in self._runs:
            events = await run.events()
            count += len(events)
            recorded |= {f"{run.id}/{e.data['id']}" for e in events if e.kind == "step_completed"}
        return recorded, count
