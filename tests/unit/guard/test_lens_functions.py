"""The lens rebuilds the user's functions and leaves everything else as it is."""

import asyncio
import functools
import gc
import inspect
import weakref
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from outlast._engine.lens import see, through_lens
from outlast._engine.lens_globals import LensGlobals
from tests.unit.guard.conftest import NOON, Turn, Write

SECONDS = NOON / 1_000_000

SEEN_THROUGH = {
    "a helper": ("def a(): return time.time()", "a()"),
    "a helper of a helper": ("def a(): return b()\ndef b(): return time.time()", "a()"),
    "a function inside": ("", "(lambda: time.time())()"),
    "a comprehension": ("", "[time.time() for _ in range(1)][0]"),
    "a recursive helper": ("def a(n): return a(n - 1) if n else time.time()", "a(3)"),
    "helpers that call each other": (
        "def a(n): return b(n - 1)\ndef b(n): return a(n) if n else time.time()",
        "a(4)",
    ),
    "a generator": ("def a():\n    yield time.time()", "next(a())"),
    "a lambda": ("a = lambda: time.time()", "a()"),
    "a default argument": ("def a(read=time.time): return read()", "a()"),
    "a keyword default": ("def a(*, read=time.time): return read()", "a()"),
    "a decorated helper": (
        (
            "def deco(f):\n"
            "    @functools.wraps(f)\n"
            "    def wrapper(): return f()\n"
            "    return wrapper\n"
            "@deco\n@deco\n"
            "def a(): return time.time()"
        ),
        "a()",
    ),
    "a helper decorated by a library": (
        "@contextlib.contextmanager\ndef a():\n    yield time.time()",
        "a().__enter__()",
    ),
    "a partial": ("def a(x): return time.time()\np = functools.partial(a, 1)", "p()"),
    "a partial of a clock": ("p = functools.partial(time.time)", "p()"),
    "a class body": ("", "type('', (), {'at': time.time()}).at"),
    "what globals() gives": ("", "globals()['time'].time()"),
    "what getattr gives": ("", "getattr(time, 'time')()"),
}


@pytest.mark.parametrize(("helpers", "call"), SEEN_THROUGH.values(), ids=list(SEEN_THROUGH))
def test_what_is_seen_through(write: Write, turn: Turn, helpers: str, call: str) -> None:
    flow = _flow(write, helpers, call)
    with turn():
        assert flow() == SECONDS


PAST_THE_LENS = {
    "a method": ("class A:\n    def at(self): return time.time()", "A().at()"),
    "a static method": ("class A:\n    at = staticmethod(lambda: time.time())", "A.at()"),
    "a class method": ("class A:\n    @classmethod\n    def at(cls): return time.time()", "A.at()"),
    "a cached function": ("@functools.cache\ndef a(): return time.time()", "a()"),
    "a table of functions": ("def a(): return time.time()\nTABLE = [a]", "TABLE[0]()"),
}


@pytest.mark.parametrize(("helpers", "call"), PAST_THE_LENS.values(), ids=list(PAST_THE_LENS))
def test_what_is_left_as_it_is(write: Write, turn: Turn, helpers: str, call: str) -> None:
    """The limits of the lens. The static check warns of these."""
    flow = _flow(write, helpers, call)
    with turn():
        assert flow() != SECONDS


def test_helpers_of_other_modules_are_seen_through(write: Write, turn: Turn) -> None:
    write("", "shop.__init__")
    write("import time\ndef total(): return time.time()\nRATE = 3", "shop.helpers")
    source = """
    import shop.helpers
    import shop.helpers as h
    from shop import helpers
    from shop.helpers import total
    def flow():
        from shop import helpers as inside
        same = h.total is helpers.total is shop.helpers.total is total is inside.total
        return h.total(), total(), same, h.RATE
    """
    flow = through_lens(write(source, "shop.flow").flow)
    with turn():
        assert flow() == (SECONDS, SECONDS, True, 3)


def test_a_relative_import_in_the_body(write: Write, turn: Turn) -> None:
    write("", "relative.__init__")
    write("import time\ndef total(): return time.time()", "relative.helpers")
    source = "def flow():\n    from .helpers import total\n    return total()"
    flow = through_lens(write(source, "relative.flow").flow)
    with turn():
        assert flow() == SECONDS


def test_closures_are_seen_through(turn: Turn) -> None:
    import time

    def countdown(n: int) -> float:
        return countdown(n - 1) if n else time.time()

    def flow() -> float:
        return countdown(3)

    with turn():
        assert through_lens(flow)() == SECONDS
    assert flow() != SECONDS


def test_a_cell_that_is_empty_or_assigned_inside_stays_shared() -> None:
    count = 0

    def flow() -> object:
        nonlocal count
        count += 1
        return later

    lensed = through_lens(flow)
    later = object()
    assert lensed() is later
    assert count == 1


def test_async_functions_and_generators_stay_what_they_are(write: Write, turn: Turn) -> None:
    source = """
    import time
    async def ticks(n):
        for _ in range(n):
            yield time.time()
    async def one(): return time.time()
    async def flow():
        return [t async for t in ticks(2)] + [await one()]
    """
    module = write(source)
    lensed = through_lens(module.flow)
    assert inspect.iscoroutinefunction(lensed)
    with turn(), pytest.raises(StopIteration) as ended:
        lensed().send(None)
    assert ended.value.value == [SECONDS] * 3


def test_the_function_keeps_what_it_has() -> None:
    def flow(a: int, b: str = "x", *, c: float = 1.5) -> bool:
        """A flow."""
        return bool(a and b and c)

    flow.mark = 7  # type: ignore[attr-defined]
    lensed = through_lens(flow)
    assert isinstance(lensed, FunctionType)
    assert lensed is not flow
    assert inspect.signature(lensed) == inspect.signature(flow)
    assert inspect.getsource(lensed) == inspect.getsource(flow)
    for name in (
        "__name__",
        "__qualname__",
        "__module__",
        "__doc__",
        "__annotations__",
        "__dict__",
    ):
        assert getattr(lensed, name) == getattr(flow, name)
    assert lensed(1, c=2.0)


def test_wrapped_is_kept_and_not_invented(write: Write) -> None:
    module = write(SEEN_THROUGH["a decorated helper"][0].join(["import functools, time\n", ""]))
    lensed: Any = through_lens(module.a)
    assert lensed.__wrapped__.__wrapped__.__code__ is module.a.__wrapped__.__wrapped__.__code__
    assert not hasattr(through_lens(module.deco), "__wrapped__")


def test_the_lens_is_applied_once() -> None:
    def flow() -> None: ...

    lensed = through_lens(flow)
    assert through_lens(flow) is lensed
    assert through_lens(lensed) is lensed


@pytest.mark.parametrize("thing", [print, int, functools.partial(print), None])
def test_what_is_no_plain_function_comes_back_as_it_is(thing: Any) -> None:
    assert through_lens(thing) is thing


def test_steps_classes_and_objects_are_themselves(write: Write) -> None:
    source = """
    class Step:
        __outlast_definition__ = "a definition"
    class Order: pass
    def marked(): pass
    marked.__outlast_definition__ = "a definition"
    step, order, numbers = Step(), Order(), [1]
    def flow(): return step, order, Order, numbers, marked, len, ValueError
    """
    module = write(source)
    assert all(
        seen is real for seen, real in zip(through_lens(module.flow)(), module.flow(), strict=True)
    )


def test_functions_of_libraries_are_themselves(write: Write) -> None:
    source = "import json, inspect\nfrom json import loads\ndef flow(): return loads, json, inspect.getsource"
    module = write(source)
    assert through_lens(module.flow)() == module.flow()


def test_a_dropped_function_leaves_nothing_behind() -> None:
    def make() -> tuple[weakref.ref[Any], weakref.ref[Any]]:
        def helper() -> None: ...

        def flow() -> Callable[[], None]:
            return helper

        lensed = through_lens(flow)
        assert lensed() is not helper
        return weakref.ref(flow), weakref.ref(lensed)

    references = make()
    gc.collect()
    assert [reference() for reference in references] == [None, None]


def test_a_task_of_a_lensed_coroutine_runs_on_any_loop() -> None:
    async def child() -> int:
        await asyncio.sleep(0)
        return 3

    async def flow() -> list[int]:
        return list(await asyncio.gather(child(), child()))

    lensed = through_lens(flow)
    assert isinstance(lensed.__globals__, LensGlobals)
    assert asyncio.run(lensed()) == [3, 3]


def test_a_partial_of_nothing_special_is_itself() -> None:
    partial = functools.partial(len, "ab")
    assert see(partial) is partial


def test_a_function_that_was_written_behind_the_lens_is_not_wrapped_again(write: Write) -> None:
    source = """
    def count():
        global total
        total = 1
    def flow():
        return count
    """
    count = through_lens(write(source).flow)()
    assert see(count) is count


def test_only_the_users_part_of_a_librarys_wrapper_is_seen_through(
    write: Write, turn: Turn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    library = """
import functools, time
def timed(f):
    @functools.wraps(f)
    def wrapper(): return f(), time.time()
    return wrapper
"""
    (packages / "guard_library.py").write_text(library)
    monkeypatch.syspath_prepend(packages)
    flow = _flow(
        write, "import guard_library\n@guard_library.timed\ndef a(): return time.time()", "a()"
    )
    with turn():
        ours, theirs = flow()
    assert ours == SECONDS
    assert theirs != SECONDS


def test_two_partials_of_one_function_are_two() -> None:
    def add(a: int, b: int) -> int:
        return a + b

    one, two = see(functools.partial(add, 1)), see(functools.partial(add, b=2))
    assert (one(5), two(5)) == (6, 7)


def _flow(write: Write, helpers: str, call: str) -> Callable[[], Any]:
    source = f"import contextlib, functools, time\n{helpers}\ndef flow(): return {call}\n"
    flow: Callable[[], Any] = through_lens(write(source).flow)
    return flow
