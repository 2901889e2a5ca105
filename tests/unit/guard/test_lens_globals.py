"""Lensed code reads and writes its module live."""

import sys
import typing
import warnings

import pytest

from outlast._engine.lens import see, through_lens
from outlast._engine.lens_globals import LensGlobals
from tests.unit.guard.conftest import NOON, Turn, Write


def test_later_changes_of_globals_are_seen(write: Write) -> None:
    module = write("value = 1\ndef flow(): return value")
    flow = through_lens(module.flow)
    assert flow() == 1
    module.value = 2
    assert flow() == 2
    del module.value
    with pytest.raises(NameError, match="value"):
        flow()
    module.value = 3
    assert flow() == 3


def test_a_helper_that_is_replaced_is_seen_through(write: Write, turn: Turn) -> None:
    module = write("import time\ndef helper(): return 0\ndef flow(): return helper()")
    flow = through_lens(module.flow)
    assert flow() == 0
    replaced = write("import time\ndef helper(): return time.time()")
    module.helper = replaced.helper
    with turn():
        assert flow() == NOON / 1_000_000


def test_a_global_may_hide_a_builtin_and_show_it_again(write: Write) -> None:
    module = write("def flow(): return len('ab')")
    flow = through_lens(module.flow)
    assert flow() == 2
    module.len = lambda _text: "hidden"
    assert flow() == "hidden"
    del module.len
    assert flow() == 2


def test_unknown_names_are_name_errors(write: Write) -> None:
    source = "def flow(): return unknown\ndef body():\n    class A:\n        x = unknown"
    module = write(source)
    for function in (module.flow, module.body):
        with pytest.raises(NameError, match="name 'unknown' is not defined"):
            through_lens(function)()


def test_assigned_globals_reach_the_module(write: Write) -> None:
    source = """
    count = 0
    def flow():
        global count, fresh
        count += 1
        fresh = count
        return other(), count
    def other(): return count
    """
    module = write(source)
    flow = through_lens(module.flow)
    assert flow() == (1, 1)
    assert (module.count, module.fresh) == (1, 1)
    module.count = 10
    assert flow() == (11, 11)
    assert (module.count, module.fresh) == (11, 11)


def test_assigned_globals_reach_the_module_when_the_code_raises(write: Write) -> None:
    module = write("def flow():\n    global seen\n    seen = 1\n    1 / 0")
    with pytest.raises(ZeroDivisionError):
        through_lens(module.flow)()
    assert module.seen == 1


def test_assigned_globals_reach_the_module_at_the_end_of_a_coroutine(write: Write) -> None:
    module = write("async def flow():\n    global seen\n    seen = 1")
    with pytest.raises(StopIteration):
        through_lens(module.flow)().send(None)
    assert module.seen == 1


def test_what_a_generator_assigned_is_seen_at_the_next_look(write: Write) -> None:
    source = "def flow():\n    global seen\n    seen = 1\n    yield\ndef look(): return seen"
    module = write(source)
    next(through_lens(module.flow)())
    assert through_lens(module.look)() == 1
    assert module.seen == 1


def test_writing_through_a_module_and_globals(write: Write) -> None:
    settings = write("rate = 1", "guard_settings")
    source = """
    import guard_settings
    def flow():
        guard_settings.rate = 2
        guard_settings.extra = 3
        globals()["made"] = 4
        seen = "made" in globals(), globals().get("none", 5), "flow" in vars(guard_settings)
        del guard_settings.extra
        del globals()["gone"]
        return seen, len(globals()) == len(list(globals()))
    gone = 1
    """
    module = write(source)
    assert through_lens(module.flow)() == ((True, 5, False), True)
    assert settings.rate == 2
    assert not hasattr(settings, "extra")
    assert module.made == 4
    assert not hasattr(module, "gone")


def test_a_module_through_the_lens_looks_like_the_module(write: Write) -> None:
    real = write('"""The doc."""\nvalue = 1')
    seen = see(real)
    assert isinstance(seen, type(sys))
    assert (seen.__name__, seen.__doc__, seen.__file__) == (
        real.__name__,
        real.__doc__,
        real.__file__,
    )
    assert dir(seen) == dir(real)
    assert repr(seen) == repr(real)
    assert vars(seen) == vars(real)
    with pytest.raises(AttributeError, match="unknown"):
        _ = seen.unknown
    assert seen.value == 1
    real.value = 2
    assert seen.value == 2
    del real.value
    assert not hasattr(seen, "value")


def test_classes_and_functions_inside_know_their_module(write: Write, turn: Turn) -> None:
    source = """
    import time
    size = 2
    def flow():
        class Local:
            at = time.time()
            wide = size * len("ab")
        def inner() -> "Local": ...
        return Local, inner
    """
    module = write(source)
    with turn():
        local, inner = through_lens(module.flow)()
    assert local.__module__ == inner.__module__ == module.__name__
    assert (local.at, local.wide) == (NOON / 1_000_000, 4)


def test_warnings_name_the_module_and_show_once(write: Write) -> None:
    module = write("import warnings\ndef flow():\n    warnings.warn('old', stacklevel=1)")
    flow = through_lens(module.flow)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("default")
        for _ in range(3):
            flow()
    assert [(warning.filename, warning.lineno) for warning in shown] == [(module.__file__, 3)]


def test_annotations_as_text_are_resolved(write: Write) -> None:
    source = "from __future__ import annotations\nclass Order: pass\ndef flow(a: Order) -> list[int]: ..."
    module = write(source)
    assert typing.get_type_hints(through_lens(module.flow)) == {
        "a": module.Order,
        "return": list[int],
    }


def test_one_module_has_one_namespace(write: Write) -> None:
    module = write("def a(): ...\ndef b(): ...")
    one, other = through_lens(module.a), through_lens(module.b)
    assert isinstance(one.__globals__, LensGlobals)
    assert one.__globals__ is other.__globals__
    assert one.__globals__.real is vars(module)
