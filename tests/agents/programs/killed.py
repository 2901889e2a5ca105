"""Lives of one run of an agent, each in a process of its own, forked from this one, that is killed at a given moment.

Each line of the standard input, `FOLDER WHAT TIMES`, is one life: it plays the run in `FOLDER/runs.db` to its end, or
until its worker has told so often that an attempt has `ended` (what it has made is not recorded), or that a run has
`committed` something; 0 is never. The answer is a line with how the process has ended. A fork costs milliseconds, and the imports
a second.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from pydantic_ai import Agent
from pydantic_ai.messages import ModelMessagesTypeAdapter
from pydantic_ai.models.function import FunctionModel

from outlast import App, Run, WorkerOptions, resume, start, workflow
from outlast.agents import Approval, Durable
from outlast.errors import HookNotFoundError
from outlast.instrument import Instrument
from tests.agents.scripted import Script

SCRIPT = Script(
    [
        [("look", {"at": "a"}), ("look", {"at": "b"}), ("look", {"at": "c"})],
        [("pay", {"amount": 5}), ("look", {"at": "d"})],
        [("look", {"at": "e"})],
        "all seen",
    ]
)
WITNESS = "witness"
"""The file that has a line for each call of the model and of a tool, recorded or not."""


def witness(call: str) -> None:
    """Note a call in a way that a SIGKILL does not undo."""
    file = os.open(WITNESS, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(file, f"{call}\n".encode())
    os.close(file)


def _answer(messages: Any, info: Any) -> Any:
    witness(f"model {len(messages)}")
    return SCRIPT._answer(messages, info)


agent = Agent(FunctionModel(_answer), name="killed", capabilities=[Durable()])


@agent.tool_plain
async def look(at: str) -> str:
    witness(f"look {at}")
    await asyncio.sleep(0)
    return f"seen {at}"


@agent.tool_plain(requires_approval=True)
def pay(amount: int) -> int:
    witness(f"pay {amount}")
    return amount


@workflow(name="agents.killed")
async def killed() -> list[Any]:
    result = await agent.run("look around")
    messages: list[Any] = ModelMessagesTypeAdapter.dump_python(result.all_messages(), mode="json")
    return [result.output, result.usage.requests, result.usage.tool_calls, messages]


class Death(Instrument):
    """Kills the process when it is told of something for the n-th time."""

    def __init__(self, what: str = "", times: int = 0) -> None:
        self.what, self.times = what, times
        self.told: Counter[str] = Counter()

    def attempt_ended(
        self, run_id: str, step_id: str, attempt: int, error: BaseException | None
    ) -> None:
        self._count("ended")

    def committed(self, events: int, runs: int, duration: int) -> None:
        if runs:  # not only what came from outside
            self._count("committed")

    def _count(self, what: str) -> None:
        self.told[what] += 1
        if (what, self.told[what]) == (self.what, self.times):
            os.kill(os.getpid(), signal.SIGKILL)


async def live(url: str, death: Death) -> dict[str, Any]:
    """Play the run. Gives what it has come to."""
    options = WorkerOptions(recovery_limit=100)
    async with App(url, instruments=[death], options=options) as app:
        run = await start(killed(), run_id="the-run")
        async for event in run.follow():
            if event.kind == "hook_opened":
                await approve(app, run)
        return {"result": await run.result(), "told": death.told, **await recorded(run)}


async def approve(app: App, run: Run[Any]) -> None:
    """Answer what is asked; in one life, or in several."""
    for asked in (await app.list_hooks(run.id)).hooks:
        with suppress(HookNotFoundError):
            await resume(asked.token, Approval(approved=True), key="the answer")


async def recorded(run: Run[Any]) -> dict[str, Any]:
    """How many outcomes the log has, by the names of steps and by their ids."""
    events = await run.events()
    ended = [one for one in events if one.kind in ("step_completed", "step_failed")]
    return {
        "names": Counter(one.data["name"] for one in ended),
        "outcomes": Counter(one.data["id"] for one in ended),
        "failed": sum(one.kind == "step_failed" for one in ended),
    }


def main() -> None:
    """Fork one life for each line."""
    os.chdir(sys.argv[1])
    asyncio.run(live("memory://", Death()))  # what is made once is made before the forks
    for line in sys.stdin:
        folder, what, times = line.split()
        child = os.fork()
        if child == 0:
            os.chdir(folder)
            play = live("sqlite:///runs.db", Death(what, int(times)))
            ended = asyncio.run(asyncio.wait_for(play, 30))
            Path("ended.json").write_bytes(msgspec.json.encode(ended))
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
