"""The static check finds side effects by what names refer to."""

import asyncio
import inspect
from types import FunctionType
from typing import Any

import pytest

from outlast._registry.check import check_workflow
from tests.unit.guard.conftest import Write

REFUSED = [
    ("", 'open("x")', "open"),
    ("import io", 'io.open("x")', "open"),
    ("", 'input("?")', "input"),
    ("import os", 'os.remove("x")', "os.remove"),
    ("import os as system", 'system.environ["X"]', "os.environ"),
    ("from os import environ", 'environ["X"]', "os.environ"),
    ("import sys", "sys.argv[1]", "sys.argv"),
    ("from os import environ\nread = environ.get", 'read("X")', "os.environ.get"),
    ("import os", 'os.getenv("X")', "os.getenv"),
    ("import os", 'os.path.exists("x")', "os.path.exists"),
    ("from os import path", 'path.exists("x")', "os.path.exists"),
    ("import os", "os.getpid()", "os.getpid"),
    ("import shutil", 'shutil.rmtree("x")', "shutil.rmtree"),
    ("import tempfile", "tempfile.mkdtemp()", "tempfile.mkdtemp"),
    ("import pathlib", "pathlib.Path.cwd()", "pathlib.Path.cwd"),
    ("import time", "time.sleep(1)", "time.sleep"),
    ("from time import sleep", "sleep(1)", "time.sleep"),
    ("import asyncio", "asyncio.run(None)", "asyncio.run"),
    ("import asyncio", "await asyncio.to_thread(print)", "asyncio.to_thread"),
    ("import asyncio", 'await asyncio.open_connection("h", 1)', "asyncio.open_connection"),
    (
        "import asyncio",
        'await asyncio.create_subprocess_exec("ls")',
        "asyncio.create_subprocess_exec",
    ),
    ("import subprocess as sub", 'sub.run(["ls"])', "subprocess.run"),
    ("from subprocess import Popen", 'Popen(["ls"])', "subprocess.Popen"),
    ("import socket", "socket.socket()", "socket.socket"),
    ("import threading", "threading.Thread()", "threading.Thread"),
    ("import multiprocessing as mp", "mp.Process()", "multiprocessing.Process"),
    ("import sqlite3", 'sqlite3.connect(":memory:")', "sqlite3.connect"),
    ("import urllib.request", 'urllib.request.urlopen("x")', "urllib.request.urlopen"),
    ("import http.client as c", 'c.HTTPConnection("x")', "http.client.HTTPConnection"),
    (
        "from concurrent.futures import ThreadPoolExecutor",
        "ThreadPoolExecutor()",
        "concurrent.futures.ThreadPoolExecutor",
    ),
    ("import functools\nread = functools.partial(open, 'x')", "read()", "open"),
]

ALLOWED = [
    ("import os", 'os.path.join("a", "b") + os.sep'),
    ("import time", "time.time() + time.monotonic()"),
    ("import random", "random.random()"),
    ("from datetime import datetime", "datetime.now()"),
    ("import uuid, secrets", "uuid.uuid4(), secrets.token_hex()"),
    ("import asyncio", "await asyncio.sleep(1)"),
    ("import asyncio", "await asyncio.gather()"),
    ("import pathlib", 'pathlib.Path("a").name'),
    ("import socket", "socket.timeout"),
    ("import subprocess", "subprocess.CalledProcessError"),
    ("import json, re, math", 'json.loads("1"), re.compile("x"), math.sqrt(2)'),
    ("", "open = print; open('a local variable')"),
    ("", "[open for open in range(3)]"),
    ("", "print('hello')"),
]


@pytest.mark.parametrize(("imports", "code", "name"), REFUSED)
def test_names_that_reach_outside_are_errors(
    write: Write, imports: str, code: str, name: str
) -> None:
    (finding,) = check_workflow(_workflow(write, imports, code))
    assert (finding.name, finding.severity) == (name, "error")
    assert finding.message


@pytest.mark.parametrize(
    ("imports", "code", "name"), [row for row in REFUSED if "\n" not in row[0]]
)
def test_imports_in_the_body_are_followed(write: Write, imports: str, code: str, name: str) -> None:
    (finding,) = check_workflow(_workflow(write, "", f"{imports or 'pass'}; {code}"))
    assert finding.name == name


@pytest.mark.parametrize(("imports", "code"), ALLOWED)
def test_what_is_deterministic_or_pure_is_no_error(write: Write, imports: str, code: str) -> None:
    assert check_workflow(_workflow(write, imports, code)) == ()


def test_a_finding_names_file_line_and_column_and_says_what_to_do(write: Write) -> None:
    module = write(
        """
        import time

        async def flow():
            before = 1
            return before, time.sleep(3)
        """
    )
    (finding,) = check_workflow(module.flow)
    assert (finding.file, finding.line, finding.column) == (module.__file__, 6, 20)
    assert str(finding) == (
        f"{module.__file__}:6:20 time.sleep: Use `await sleep(...)` from outlast: "
        "it is durable and blocks nobody."
    )


def test_findings_come_in_the_order_of_the_file(write: Write) -> None:
    body = 'input(); open("x"); input()\n    open("y")'
    found = check_workflow(_workflow(write, "", body))
    assert [(finding.name, finding.line) for finding in found] == [
        ("input", 4),
        ("open", 4),
        ("input", 4),
        ("open", 5),
    ]


def test_a_module_that_is_not_imported_yet_is_known_by_name(write: Write) -> None:
    body = "import boto3; from openai import OpenAI; boto3.client('s3'); OpenAI(); OpenAI.__name__"
    found = check_workflow(_workflow(write, "", body))
    assert {finding.name for finding in found} == {"boto3.client", "openai.OpenAI"}


@pytest.mark.parametrize(
    "code",
    [
        "import sqlalchemy.ext.asyncio as sa; sa.create_async_engine('x')",
        "from sqlalchemy.ext import asyncio as sa; sa.create_async_engine('x')",
        "import sqlalchemy.ext.asyncio; sqlalchemy.ext.asyncio.create_async_engine('x')",
    ],
)
def test_a_module_in_a_package_is_known_however_it_is_imported(write: Write, code: str) -> None:
    (finding,) = check_workflow(_workflow(write, "", code))
    assert finding.name == "sqlalchemy.ext.asyncio.create_async_engine"


def test_what_a_package_does_not_have_is_left_alone(write: Write) -> None:
    assert check_workflow(_workflow(write, "import asyncio", "asyncio.nothing.of.this")) == ()


def test_a_module_of_the_same_name_in_the_users_package_is_the_users(write: Write) -> None:
    write("", "shop.__init__")
    write("def get(): return 1", "shop.requests")
    flow = write("from shop import requests\nasync def flow(): return requests.get()", "shop.flow")
    assert check_workflow(flow.flow) == ()


def test_functions_and_classes_inside_are_read(write: Write) -> None:
    body = """[open(x) for x in "a"]
    def inner():
        return lambda: input()
    class Local:
        now = __import__("time").time()
        def method(self):
            import os
            return os.getcwd()"""
    found = check_workflow(_workflow(write, "", body))
    assert [finding.name for finding in found] == ["open", "input", "os.getcwd"]


def test_closures_are_followed() -> None:
    read = open

    async def flow() -> Any:
        return read("x")

    async def unfilled() -> Any:
        return later()

    assert [finding.name for finding in check_workflow(flow)] == ["open"]
    assert check_workflow(unfilled) == ()

    def later() -> None: ...


def test_code_without_source_is_read_from_bytecode() -> None:
    scope: dict[str, Any] = {"__name__": "typed_in"}
    code = "import os\nasync def flow():\n    return os.listdir('.')"
    exec(code, scope)  # noqa: S102 - a function without a file
    flow = scope["flow"]
    with pytest.raises(OSError, match="source"):
        inspect.getsource(flow)
    (finding,) = check_workflow(flow, warnings=True)
    assert (finding.name, finding.file, finding.line) == ("os.listdir", "<string>", 3)


def test_an_instance_of_a_client_is_found_where_it_is_used(write: Write) -> None:
    imports = (
        "import sqlite3, threading\ndb = sqlite3.connect(':memory:')\nlock = threading.RLock()"
    )
    body = "db.execute('x'); print(db)\n    with lock: pass"
    flow = _workflow(write, imports, body)
    used, entered = check_workflow(flow)
    assert (used.name, entered.name) == ("db.execute", "lock")
    assert "sqlite3.Connection" in used.message
    flow.__globals__["db"].close()


def test_an_instance_of_a_client_may_be_named(write: Write) -> None:
    imports = "import sqlite3\ndb = sqlite3.connect(':memory:')"
    flow = _workflow(write, imports, "print(db)")
    assert check_workflow(flow) == ()
    flow.__globals__["db"].close()


def test_a_class_derived_from_a_client_is_one(write: Write) -> None:
    imports = "import http.client\nclass Api(http.client.HTTPConnection): pass"
    (finding,) = check_workflow(_workflow(write, imports, "Api('host')"))
    assert finding.name == "http.client.HTTPConnection"


def test_writing_a_global_is_a_warning(write: Write) -> None:
    flow = _workflow(write, "count = 0", "global count; count += 1")
    assert check_workflow(flow) == ()
    (finding,) = check_workflow(flow, warnings=True)
    assert (finding.name, finding.severity) == ("global count", "warning")


def test_a_function_of_very_many_names_is_read(write: Write) -> None:
    names = ", ".join(f"name_{number}" for number in range(300))
    flow = _workflow(
        write, "import os", f"{names} if 0 else os.getenv('X'); import os.path as p; p.exists('x')"
    )
    assert [finding.name for finding in check_workflow(flow)] == ["os.getenv", "os.path.exists"]


def test_an_import_that_will_fail_is_left_alone(write: Write) -> None:
    assert check_workflow(_workflow(write, "", "from ... import x; x.y()")) == ()


def test_a_name_that_is_also_assigned_is_not_known(write: Write) -> None:
    body = "import os\n    os = print\n    os.getenv('X')"
    assert check_workflow(_workflow(write, "", body)) == ()


def test_values_that_differ_between_processes_are_warnings(write: Write) -> None:
    found = check_workflow(_workflow(write, "", "hash('x'), id(1)"), warnings=True)
    assert [(finding.name, finding.severity) for finding in found] == [
        ("hash", "warning"),
        ("id", "warning"),
    ]


def test_a_shared_generator_is_a_warning(write: Write) -> None:
    flow = _workflow(write, "import random\nrng = random.Random(1)", "rng.random()")
    (finding,) = check_workflow(flow, warnings=True)
    assert finding.name == "rng.random"
    assert "make the generator in the workflow" in finding.message


@pytest.mark.parametrize("thing", [print, asyncio.Lock, object(), 3])
def test_what_is_no_plain_function_has_no_findings(thing: Any) -> None:
    assert check_workflow(thing, warnings=True) == ()


def test_an_object_with_odd_attributes_does_not_break_the_check(write: Write) -> None:
    imports = """
class Odd:
    def __getattr__(self, name):
        raise RuntimeError(name)
    __class__ = property(lambda self: 1 / 0)
odd = Odd()
"""
    assert check_workflow(_workflow(write, imports, "odd.anything.at.all()"), warnings=True) == ()


def _workflow(write: Write, imports: str, body: str) -> FunctionType:
    module = write(f"{imports}\n\nasync def flow():\n    {body}\n")
    flow = module.flow
    assert isinstance(flow, FunctionType)
    return flow
