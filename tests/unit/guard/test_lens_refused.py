"""Through the lens, what touches the outside raises when it is used, and says what to do."""

import asyncio
import os
import socket
import subprocess
import threading

import pytest

from outlast._engine.lens import see, through_lens
from outlast._registry.check_rules import RULES
from outlast.errors import NotDurableError
from tests.unit.guard.conftest import Turn, Write
from tests.unit.guard.test_check_names import REFUSED

ENVIRON_USES = [
    "os.environ['X']",
    "os.environ.get('X')",
    "os.environ.copy()",
    "'X' in os.environ",
    "list(os.environ)",
    "len(os.environ)",
    "os.environ.update(X='1')",
    "os.environ | {}",
    "{} | os.environ",
]


@pytest.mark.parametrize(
    ("imports", "code", "name"), [row for row in REFUSED if "cwd()" not in row[1]]
)
def test_what_the_check_finds_the_lens_refuses(
    write: Write, turn: Turn, imports: str, code: str, name: str
) -> None:
    flow = through_lens(write(f"{imports}\nasync def flow():\n    {code}").flow)
    with turn(), pytest.raises(NotDurableError) as refused:
        flow().send(None)
    assert str(refused.value.what).startswith(name.removesuffix(".get"))
    assert refused.value.hint


@pytest.mark.parametrize(
    ("imports", "code", "name"),
    [row for row in REFUSED if "\n" not in row[0] and "cwd()" not in row[1]],
)
def test_what_is_imported_in_the_body_is_refused_too(
    write: Write, turn: Turn, imports: str, code: str, name: str
) -> None:
    flow = through_lens(write(f"async def flow():\n    {imports or 'pass'}\n    {code}").flow)
    with turn(), pytest.raises(NotDurableError, match=name):
        flow().send(None)


def test_the_error_names_the_line_and_the_way_out(write: Write, turn: Turn) -> None:
    source = """
    import time

    def flow():
        time.sleep(5)
    """
    module = write(source)
    with turn(), pytest.raises(NotDurableError) as refused:
        through_lens(module.flow)()
    assert str(refused.value) == (
        f"workflow code used time.sleep at {module.__name__}.py:5, "
        "which replay would do again with another outcome\n"
        "  Use `await sleep(...)` from outlast: it is durable and blocks nobody."
    )


@pytest.mark.parametrize("code", ENVIRON_USES)
def test_the_environment_is_refused_however_it_is_asked(
    write: Write, turn: Turn, code: str
) -> None:
    module = write(f"import os\ndef flow(): return {code}")
    flow = through_lens(module.flow)
    with turn(), pytest.raises(NotDurableError, match=r"os\.environ"):
        flow()


def test_the_environment_cannot_be_written(
    write: Write, turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUARDED", "1")
    source = (
        "import os\ndef put(): os.environ['GUARDED'] = '2'\ndef drop(): del os.environ['GUARDED']"
    )
    module = write(source)
    for function in (module.put, module.drop):
        with turn(), pytest.raises(NotDurableError):
            through_lens(function)()
    assert os.environ["GUARDED"] == "1"
    through_lens(module.put)()
    assert os.environ["GUARDED"] == "2"
    through_lens(module.drop)()
    assert "GUARDED" not in os.environ


def test_pure_parts_and_constants_stay_usable(write: Write, turn: Turn) -> None:
    source = """
    import asyncio, os, pathlib, queue, signal, socket, subprocess, urllib.parse
    def flow():
        return (os.path.join("a", "b"), os.sep, os.fspath("x"), pathlib.PurePath("a") / "b",
                socket.AF_INET, signal.SIGTERM, subprocess.PIPE, urllib.parse.quote("a b"),
                asyncio.TimeoutError, queue.Empty, os.path.splitext("a.b"))
    """
    module = write(source)
    with turn():
        assert through_lens(module.flow)() == module.flow()


def test_exceptions_of_refused_modules_can_be_caught(write: Write, turn: Turn) -> None:
    source = """
    import socket, sqlite3, subprocess
    from subprocess import CalledProcessError
    def flow(error):
        try:
            raise error
        except subprocess.TimeoutExpired:
            return "timeout"
        except (CalledProcessError, sqlite3.Error, socket.timeout):
            return "caught"
    """
    flow = through_lens(write(source).flow)
    with turn():
        assert flow(subprocess.TimeoutExpired("x", 1)) == "timeout"
        assert flow(subprocess.CalledProcessError(1, "x")) == "caught"
        assert flow(TimeoutError()) == "caught"


def test_a_refused_class_can_be_named(turn: Turn) -> None:
    thread, popen = see(threading.Thread), see(subprocess.Popen)
    with turn():
        assert isinstance(threading.main_thread(), thread)
        assert not isinstance(1, thread)
        assert issubclass(threading.Timer, thread)
        assert thread == threading.Thread
        assert hash(thread) == hash(threading.Thread)
        assert repr(thread) == repr(threading.Thread)
        assert thread.__name__ == "Thread"
        assert popen[bytes] == subprocess.Popen[bytes]
        assert isinstance(None, thread | None)
        assert isinstance(None, None | thread)

        class Derived(thread):  # type: ignore[misc, valid-type]
            """A base is named, not used."""

        assert Derived.__mro__[1] is threading.Thread


def test_outside_of_a_run_everything_works(write: Write) -> None:
    source = """
    import os, subprocess, threading
    from os import environ
    def flow(path):
        with open(path, "w") as file:
            file.write("x")
        thread = threading.Thread(target=len, args=("x",))
        thread.start()
        thread.join()
        return os.path.exists(path), environ.get("PATH"), len(environ), os.environ["PATH"]
    """
    module = write(source)
    path = module.__file__ + ".txt"
    assert through_lens(module.flow)(path) == (
        True,
        os.environ["PATH"],
        len(os.environ),
        os.environ["PATH"],
    )


def test_asking_again_gives_the_same_stand_in() -> None:
    assert see(open) is see(open)
    assert see(socket.socket) is see(socket.socket)
    assert see(os.environ) is see(os.environ)
    assert see(asyncio.run) is see(asyncio.run)


def test_what_has_no_rule_is_itself() -> None:
    for thing in (asyncio.gather, asyncio.TaskGroup, len, 3, None, ValueError, os.sep, RULES):
        assert see(thing) is thing
