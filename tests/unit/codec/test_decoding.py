"""Stored bytes are data: what they name is looked up, never imported, called or run."""

import os
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from outlast._codec import Codec
from outlast.errors import DecodeError
from tests.unit.codec import samples

CODEC = Codec()


def _payload(tag: str, **parts: object) -> bytes:
    return msgspec.json.encode({"$type": tag, **parts})


def _unreadable(payload: bytes) -> DecodeError:
    before = dict(sys.modules)
    with pytest.raises(DecodeError) as caught:
        CODEC.decode(payload)
    assert sys.modules == before
    return caught.value


DANGEROUS = [
    "os:system",
    "posix:system",
    "subprocess:Popen",
    "builtins:eval",
    "builtins:object",
    "builtins:dict",
    "types:FunctionType",
    "types:SimpleNamespace",
    "os:environ",
    "sys:modules",
    "tests.unit.codec.samples:same",
    "tests.unit.codec.samples:Plain",
    "tests.unit.codec.samples:Named",
    "tests.unit.codec.samples:Order.__init__",
    "tests.unit.codec.samples:Order.__class__",
    "tests.unit.codec.samples:CODEC",
    "tests.unit.codec.samples:",
    "antigravity:fly",
    "turtledemo.clock:Hand",
    ":",
    "",
    "os",
    "..:x",
    "tests.unit.codec.samples:Page[",
    "tests.unit.codec.samples:Page[str]",
]


@pytest.mark.parametrize("tag", ["object", "enum"])
@pytest.mark.parametrize("name", DANGEROUS)
def test_only_classes_of_the_supported_kinds_are_made(tag: str, name: str) -> None:
    parts = {"class": name, "fields": {"args": ["true"]}, "name": "x", "value": 1}
    _unreadable(_payload(tag, **parts))


@pytest.mark.parametrize("name", DANGEROUS)
def test_an_exception_is_made_of_exception_classes_only(name: str) -> None:
    before = dict(sys.modules)
    payload = _payload("exception", **{"class": name, "message": "m", "args": ["true"]})
    error = CODEC.decode_error(payload)
    assert type(error).__name__ == "RecordedError"
    assert sys.modules == before


def test_a_module_that_is_not_loaded_stays_so() -> None:
    assert "turtledemo.clock" not in sys.modules
    error = _unreadable(_payload("object", **{"class": "turtledemo.clock:Hand", "fields": {}}))
    assert "no module that is loaded here has such a class" in str(error)


def test_parameters_that_no_code_here_has_named_are_told_from_a_class_that_is_missing() -> None:
    name = "tests.unit.codec.samples:Page[str]"
    error = _unreadable(_payload("object", **{"class": name, "fields": {"items": []}}))
    assert "names the class with these parameters" in str(error)


def test_a_module_is_not_asked_for_what_it_does_not_have() -> None:
    def answer(name: str) -> object:
        raise AssertionError(name)

    with _module("lazy", __getattr__=answer):
        _unreadable(_payload("object", **{"class": "lazy:Order", "fields": {}}))


def test_a_name_may_stand_for_a_class_that_was_renamed() -> None:
    with _module("old_shop", Purchase=samples.Order):
        name = {"class": "old_shop:Purchase", "fields": {"id": 1}}
        assert CODEC.decode(_payload("object", **name)) == samples.Order(1)


@contextmanager
def _module(name: str, **attributes: object) -> Iterator[None]:
    module = types.ModuleType(name)
    vars(module).update(attributes)
    sys.modules[name] = module
    try:
        yield
    finally:
        del sys.modules[name]


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"nul", b'"\xff"', b"[1,]", b"{} {}", b"[" * 100_000, b"\x00", b"NaN", b"1e999"],
)
def test_what_is_not_json_is_a_decode_error(payload: bytes) -> None:
    assert _unreadable(payload).path == "$"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"$type":"nothing"}',
        b'{"$type":null}',
        b'{"$type":[1]}',
        b'{"$type":{}}',
        b'{"$type":"tuple"}',
        b'{"$type":"tuple","items":{}}',
        b'{"$type":"set","items":[[1]]}',
        b'{"$type":"dict","items":[1]}',
        b'{"$type":"dict","items":[[1,2,3]]}',
        b'{"$type":"dict","items":[[[],2]]}',
        b'{"$type":"float","value":"x"}',
        b'{"$type":"float","value":[1]}',
        b'{"$type":"int","hex":1}',
        b'{"$type":"str","base64":"/w=="}',
        b'{"$type":"bytes","base64":"?"}',
        b'{"$type":"bytes","base64":null}',
        b'{"$type":"decimal","value":"x"}',
        b'{"$type":"datetime","value":"2026"}',
        b'{"$type":"datetime","value":"2026-01-01T00:00","zone":"../../etc/passwd"}',
        b'{"$type":"datetime","value":"2026-01-01T00:00","zone":"Europe"}',
        b'{"$type":"datetime","value":"2026-01-01T00:00","zone":"os"}',
        b'{"$type":"datetime","value":"2026-01-01T00:00","fold":"1"}',
        b'{"$type":"timedelta","days":99999999999,"seconds":0,"microseconds":0}',
        b'{"$type":"uuid","value":"1"}',
        b'{"$type":"path","value":1}',
        b'{"$type":"complex","real":[],"imag":1}',
        b'{"$type":"object","class":1,"fields":{}}',
        b'{"$type":"object","class":"tests.unit.codec.samples:Order"}',
        b'{"$type":"object","class":"tests.unit.codec.samples:Order","fields":[]}',
        b'{"$type":"object","class":"tests.unit.codec.samples:Colour","fields":{}}',
        b'{"$type":"object","class":"builtins:ValueError","fields":{}}',
        b'{"$type":"enum","class":"tests.unit.codec.samples:Colour","name":"BLUE"}',
        b'{"$type":"enum","class":"tests.unit.codec.samples:Right","value":99}',
        b'{"$type":"enum","class":"tests.unit.codec.samples:Order","name":"id"}',
    ],
)
def test_malformed_forms_are_decode_errors_that_name_the_path(payload: bytes) -> None:
    assert _unreadable(b'{"a":[0,' + payload + b"]}").path == "$.a[1]"


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": ({"b": [1]},)}, "$.a[0].b[0]"),
        ({(1, 2): 1}, "$[(1, 2)]"),
        (samples.Order(1), "$.id"),
        (samples.Loose.model_validate({"id": 0, "more": {"a": 1}}), "$.more.a"),
        ({1}, "$[0]"),
    ],
)
def test_paths_in_payloads_are_those_of_the_values(value: Any, path: str) -> None:
    # The one number in each payload that stands alone becomes something unknown.
    marked = CODEC.encode(value)
    head, _, tail = marked.rpartition(b"1")
    assert _unreadable(head + b'{"$type":"?"}' + tail).path == path


def test_deep_tagged_payloads_are_decode_errors() -> None:
    payload = b'{"$type":"tuple","items":[' * 400 + b"1" + b"]}" * 400
    assert "nested too deeply" in str(_unreadable(payload))


class TestScripts:
    """A class of a script is one thing, run or imported."""

    PROGRAM = """
import sys
from dataclasses import dataclass
from outlast._codec import Codec

@dataclass
class Order:
    id: int

    @dataclass
    class Line:
        count: int

if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(Codec().decode(sys.argv[1].encode()) == [Order(1), Order.Line(2)])
    else:
        print(Codec().encode([Order(1), Order.Line(2)]).decode())
"""

    def test_what_a_script_wrote_is_read_by_its_importer_and_back(self, tmp_path: Any) -> None:
        (tmp_path / "flow.py").write_text(self.PROGRAM)
        written = _python("flow.py", cwd=tmp_path)
        assert '"class":"flow:Order.Line"' in written
        imported = _python(
            "-c",
            "import flow, sys; from outlast._codec import Codec; c = Codec();"
            "v = c.decode(sys.argv[1].encode()); assert v == [flow.Order(1), flow.Order.Line(2)];"
            "print(c.encode(v).decode())",
            written,
            cwd=tmp_path,
        )
        assert imported == written
        assert _python("flow.py", imported, cwd=tmp_path) == "True"
        assert _python("-m", "flow", imported, cwd=tmp_path) == "True"

    def test_a_script_named_as_a_module_does_not_hide_it(self, tmp_path: Any) -> None:
        (tmp_path / "decimal.py").write_text(
            "import sys; del sys.path[0]\n"
            "from outlast._codec.classes import find_class, durable_module\n"
            "import decimal\n"
            "print(durable_module('__main__'), find_class('decimal:Decimal') is decimal.Decimal)\n"
        )
        assert _python("decimal.py", cwd=tmp_path) == "decimal True"


def _python(*arguments: str, cwd: Any) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=dict(os.environ), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_of_a_class_that_a_function_defines_the_error_says_why_not() -> None:
    name = "tests.unit.codec.samples:make.<locals>.Local"
    error = _unreadable(_payload("object", **{"class": name, "fields": {}}))
    assert "a class that a function defines" in str(error)
