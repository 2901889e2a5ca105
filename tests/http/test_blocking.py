"""Runs from synchronous code and from threads."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from outlast import App, Run, RunCancelledError, RunFailedError, RunStatus, blocking, get_run, start
from outlast.errors import (
    InvalidArgumentsError,
    NoAppError,
    NotAllowedHereError,
    RunNotFoundError,
    WorldError,
)
from outlast.http import RemoteRun
from tests.http import flows


def test_a_run_is_started_and_awaited() -> None:
    with blocking.opened(App("memory://")):
        run = blocking.start(flows.twice(3), run_id="three", attributes={"tenant": "acme"})
        assert run.result("10s") == 12
        assert run == blocking.get_run("three")
        assert run.status() is RunStatus.COMPLETED
        assert run.info().events == 4
        assert [one.name for one in run.steps()] == ["double", "double"]
        assert run.events(3)[0].kind == "run_completed"
        assert list(run.follow()) == run.events()
        assert [one.id for one in blocking.list_runs(status="completed").runs] == ["three"]
        assert run.cancel() is run.wake() is False


def test_a_stream_is_iterated() -> None:
    with blocking.opened(App("memory://")):
        run = blocking.start(flows.telling(3))
        assert list(run.stream()) == [{"n": 0}, {"n": 1}, {"n": 2}, b"\x00raw"]
        assert list(run.stream(start=-1)) == [b"\x00raw"]
        assert [run.stream_info()] == run.streams()
        assert run.stream_info().tail == 3
        for value in run.stream():
            assert value == {"n": 0}
            break  # which leaves nothing behind: closing would wait for it


def test_a_hook_is_resumed() -> None:
    with blocking.opened(App("memory://")):
        run = blocking.start(flows.ask("blocking"))
        next(one for one in run.follow() if one.kind.startswith("hook"))
        assert blocking.resume("blocking", 1, key="1") == run.id
        assert blocking.resume("blocking", 1, key="1") == run.id
        assert blocking.resume("blocking", 2) == run.id
        assert run.result("10s") == 3


@pytest.mark.parametrize("of", [blocking.Run, RemoteRun])
def test_its_methods_are_those_of_a_run(of: type) -> None:
    assert {name for name in dir(Run) if not name.startswith("_")} <= {*dir(of), "id"}


def test_errors_are_those_of_the_library() -> None:
    with pytest.raises(NoAppError, match=r"outlast\.blocking\.opened"):
        blocking.list_runs()
    with blocking.opened(App("memory://")):
        with pytest.raises(RunNotFoundError):
            blocking.get_run("nobody").info()
        with pytest.raises(InvalidArgumentsError):
            blocking.start(flows.twice("x"))  # type: ignore[arg-type]
        run = blocking.start(flows.nap())
        with pytest.raises(TimeoutError):
            run.result(0.01)
        run.cancel("enough")
        with pytest.raises(RunCancelledError, match="enough"):
            run.result("10s")
    with pytest.raises(NoAppError):
        run.info()
    with pytest.raises(WorldError), blocking.opened(App("sqlite:////nowhere/at/all.db")):
        pass


def test_a_loop_that_stands_still_is_not_waited_for() -> None:
    app = App("memory://")
    with asyncio.Runner() as runner:
        runner.run(app.__aenter__())
        with pytest.raises(NotAllowedHereError, match="stands still"):
            blocking.list_runs()
        runner.run(app.__aexit__(None, None, None))


def test_many_threads_share_an_app() -> None:
    with blocking.opened(App("memory://")), ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda n: blocking.start(flows.twice(n)), range(100)))
        assert list(pool.map(lambda run: run.result("20s"), runs)) == [4 * n for n in range(100)]


def test_threads_use_an_app_that_async_code_has_opened() -> None:
    async def main() -> None:
        async with App("memory://"):
            with pytest.raises(NotAllowedHereError, match="event loop"):
                blocking.list_runs()
            assert (
                await asyncio.to_thread(lambda: blocking.start(flows.twice(1)).result("10s")) == 4
            )

    asyncio.run(main())


def test_another_loop_is_told_that_the_app_is_not_its_own() -> None:
    with blocking.opened(App("memory://")):
        run = blocking.start(flows.twice(1))
        for call in (start(flows.twice(1)), get_run(run.id).info()):
            with pytest.raises(NoAppError, match="one is open on another") as told:
                asyncio.run(call)
            assert told.value.elsewhere
            assert "outlast.blocking" in str(told.value)


def test_who_waits_is_told_when_the_app_is_closed() -> None:
    with ThreadPoolExecutor(1) as pool:
        with blocking.opened(App("memory://")):
            run = blocking.start(flows.nap())
            waiting = pool.submit(run.result)
            next(iter(run.follow()))
        with pytest.raises((NoAppError, RunFailedError)):
            waiting.result(20)


def test_an_app_may_stay_open_until_the_process_ends(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from outlast import App, workflow\n"
        "from outlast.blocking import open_app, start\n\n\n"
        "@workflow\nasync def answer() -> int:\n    return 42\n\n\n"
        "open_app(App('sqlite:///stay.db'))\nprint(start(answer()).result())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", program], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )  # fmt: skip
    assert (done.stdout, done.stderr, done.returncode) == ("42\n", "", 0)

    async def workers() -> int:
        async with App(f"sqlite:///{tmp_path}/stay.db", worker=False) as app:
            return len(await app.workers())

    assert asyncio.run(workers()) == 0


def test_a_forked_child_has_to_open_an_app_of_its_own(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import os\nfrom outlast import App, workflow\n"
        "from outlast.blocking import open_app, start\nfrom outlast.errors import NoAppError\n\n\n"
        "@workflow\nasync def answer() -> int:\n    return 42\n\n\n"
        "open_app(App('sqlite:///fork.db'))\n"
        "if os.fork():\n    os.wait()\nelse:\n"
        "    try:\n        start(answer())\n    except NoAppError as error:\n        print(error)\n"
        "    open_app(App('sqlite:///fork.db'))\n"
        "print(start(answer()).result())\n"
    )
    done = subprocess.run(
        [sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert done.stdout.startswith("start() needs an open app, and there is none here\n")
    assert (done.stdout.splitlines()[-2:], done.returncode) == (["42", "42"], 0)
