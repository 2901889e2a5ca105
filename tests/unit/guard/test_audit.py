"""The audit hook refuses what is done, whatever it was called, and only within a turn."""

import importlib
import json
import linecache
import logging
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import traceback
import urllib.request
import warnings
import weakref
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from outlast._engine import audit
from outlast._engine.lens import through_lens
from outlast.errors import NotDurableError
from tests.unit.guard.conftest import Turn, Write

DEEDS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "reading": ("open", lambda path: path.read_text()),
    "writing": ("open", lambda path: path.write_text("x")),
    "os.open": ("open", lambda path: os.open(path, os.O_RDONLY)),
    "listing": ("os.listdir", lambda path: os.listdir(path.parent)),  # noqa: PTH208 - the deed
    "scanning": ("os.scandir", lambda path: os.scandir(path.parent)),
    "iterating": ("os.", lambda path: list(path.parent.iterdir())),
    "removing": ("os.remove", lambda path: path.unlink()),
    "renaming": ("os.rename", lambda path: path.rename(path.parent / "other")),
    "making": ("os.mkdir", lambda path: (path.parent / "made").mkdir()),
    "copying": ("shutil.copyfile", lambda path: shutil.copyfile(path, path.parent / "copy")),
    "temporary": ("tempfile.mkdtemp", lambda _path: tempfile.mkdtemp()),
    "environment": ("os.putenv", lambda _path: os.environ.update(OUTLAST_GUARD="x")),
    "subprocess": ("subprocess.Popen", lambda _path: subprocess.run(["true"], check=True)),
    "shell": ("os.system", lambda _path: os.system("true")),  # noqa: S605 - the deed
    "socket": ("socket.", lambda _path: socket.create_connection(("localhost", 1))),
    "url": ("urllib.Request", lambda _path: urllib.request.urlopen("http://localhost:1")),
    "database": ("sqlite3.connect", lambda path: sqlite3.connect(path)),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_deeds_are_refused_within_a_turn(tmp_path: Path, turn: Turn, deed: str) -> None:
    event, act = DEEDS[deed]
    path = tmp_path / "file.txt"
    path.write_text("before")
    with turn(), pytest.raises(NotDurableError) as refused:
        act(path)
    assert str(refused.value.what).startswith(event)
    assert refused.value.hint
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("deed", ["reading", "writing", "iterating", "renaming", "making", "shell"])
def test_deeds_are_done_outside_of_a_turn(tmp_path: Path, deed: str) -> None:
    path = tmp_path / "file.txt"
    path.write_text("before")
    DEEDS[deed][1](path)


def test_what_the_lens_does_not_reach_is_caught_with_the_line(write: Write, turn: Turn) -> None:
    source = """
    from pathlib import Path
    class Report:
        def save(self, path):
            Path(path).write_text("x")
    def flow(path):
        Report().save(path)
    """
    module = write(source)
    path = module.__file__ + ".txt"
    with turn(), pytest.raises(NotDurableError, match=rf"{module.__name__}\.py:7") as refused:
        through_lens(module.flow)(path)
    assert repr(path) in str(refused.value)
    assert not Path(path).exists()


def test_modules_may_be_imported_within_a_turn(
    tmp_path: Path, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data.json"
    data.write_text("[1]")
    source = f"import json\nwith open({str(data)!r}) as file: data = json.load(file)"
    (tmp_path / "guard_late.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with turn():
        import guard_late  # type: ignore[import-not-found]  # written above
    monkeypatch.delitem(sys.modules, "guard_late")
    assert guard_late.data == [1]
    assert list(tmp_path.glob("__pycache__/*.pyc"))


def test_errors_may_be_told_within_a_turn(write: Write, turn: Turn) -> None:
    module = write("def flow(): raise ValueError('told')")
    linecache.clearcache()
    with turn():
        try:
            through_lens(module.flow)()
        except ValueError:
            told = traceback.format_exc()
    assert "def flow(): raise ValueError('told')" in told


def test_warnings_and_logs_may_be_given_within_a_turn(tmp_path: Path, turn: Turn) -> None:
    log = logging.getLogger("guarded")
    handler = logging.FileHandler(tmp_path / "log.txt", delay=True)
    log.addHandler(handler)
    linecache.clearcache()
    with turn():
        told = warnings.formatwarning("old", UserWarning, __file__, 1)
        log.warning("seen")
    log.removeHandler(handler)
    handler.close()
    assert "The audit hook refuses" in told
    assert (tmp_path / "log.txt").read_text() == "seen\n"


def test_time_zones_may_be_looked_up_within_a_turn(turn: Turn) -> None:
    if not zoneinfo.available_timezones():
        pytest.skip("this machine has no time zone data")
    with turn():
        assert zoneinfo.ZoneInfo.no_cache("UTC").key == "UTC"


def test_time_zones_may_be_imported_within_a_turn(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pydantic does, when it makes the first schema."""
    for name in [one for one in sys.modules if one.partition(".")[0] == "zoneinfo"]:
        monkeypatch.delitem(sys.modules, name)
    with turn():
        imported = importlib.import_module("zoneinfo")
    assert imported is not zoneinfo


def test_clean_up_of_other_objects_may_happen_within_a_turn(tmp_path: Path, turn: Turn) -> None:
    class Owner:
        def __init__(self, path: Path) -> None:
            self.path = path

        def __del__(self) -> None:
            self.path.unlink()

    class Kept: ...

    first, second = tmp_path / "first", tmp_path / "second"
    first.touch()
    second.touch()
    owner, kept = Owner(first), Kept()
    weakref.finalize(kept, os.remove, second)
    with turn():
        del owner, kept
    assert list(tmp_path.iterdir()) == []


def test_other_threads_do_as_they_like(tmp_path: Path, turn: Turn) -> None:
    done: list[str] = []
    begin, ended = threading.Event(), threading.Event()

    def work() -> None:
        begin.wait()
        (tmp_path / "x").write_text("x")
        done.append((tmp_path / "x").read_text())
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    with turn():
        begin.set()
        ended.wait()
    thread.join()
    assert done == ["x"]


def test_turns_nest(tmp_path: Path, turn: Turn) -> None:
    path = tmp_path / "x"
    with turn():
        with turn():
            pass
        with pytest.raises(NotDurableError):
            path.touch()
    path.touch()


def test_pure_work_is_not_disturbed(turn: Turn) -> None:
    with turn():
        assert json.loads(json.dumps({"a": [1]})) == {"a": [1]}
        assert sorted(str(Path("a") / "b") for _ in range(2)) == ["a/b", "a/b"]
        assert compile("1 + 1", "x", "eval").co_name


def test_the_hook_looks_at_event_thread_and_stack(turn: Turn) -> None:
    """Called by hand, because nothing can trace a hook that the interpreter calls."""
    arguments = ("file.txt", "r", 0)
    audit._watch("open", arguments)
    with turn():
        audit._watch("compile", arguments)
        audit._watch("open", (f"{zoneinfo.TZPATH[0]}/UTC", "r", 0))
        with pytest.raises(NotDurableError, match=r"used open \('file\.txt'\), which"):
            audit._watch("open", arguments)
        with pytest.raises(NotDurableError, match=r"used open, which"):
            audit._watch("open", (3, "r", 0))
        scope = {"__name__": "importlib.somewhere", "watch": audit._watch, "arguments": arguments}
        exec("watch('open', arguments)", scope)  # noqa: S102 - a frame of another module
        exec("def __del__(): watch('open', arguments)\n__del__()", scope | {"__name__": "x"})  # noqa: S102


def test_the_host_below_the_turn_is_not_asked(turn: Turn) -> None:
    below = {"__name__": "importlib.somewhere", "exec": exec}
    loop = {"__name__": audit._LOOP, "watch": audit._watch}
    below["loop"] = loop
    with turn(), pytest.raises(NotDurableError):
        exec('exec(\'watch("open", ("x", "r", 0))\', loop)', below)  # noqa: S102 - two frames


def test_a_thread_cannot_be_started(turn: Turn) -> None:
    """Not by a library either: of these, none needs a name that the lens refuses."""
    thread = threading.Thread(target=list)
    with turn(), pytest.raises(NotDurableError, match=r"used _thread\.start_"):
        thread.start()


def test_installing_again_adds_no_second_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[object] = []
    monkeypatch.setattr(sys, "addaudithook", added.append)
    audit.install()
    assert added == []


def test_every_event_has_a_hint() -> None:
    assert {event.partition(".")[0] for event in audit._EVENTS} <= set(audit._INSTEAD)
