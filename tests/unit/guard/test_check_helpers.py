"""The static check follows the user's code that a workflow calls, and nothing else."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from outlast._registry.check import MAX_FUNCTIONS, check_workflow
from outlast._registry.check_finding import Finding
from outlast._registry.check_origin import is_user_file
from tests.unit.guard.conftest import Write

REACHED = {
    "a helper": ("def helper(): return open('x')", "helper()"),
    "a helper of a helper": ("def a(): return b()\ndef b(): return open('x')", "a()"),
    "a recursive helper": ("def a(n): return a(n - 1) or open('x')", "a(3)"),
    "helpers that call each other": (
        "def a(): return b()\ndef b(): return a() or open('x')",
        "a()",
    ),
    "what checks the requests to a webhook, where it is called as well": (
        "from outlast import webhook\ndef ours(request): return open('x')",
        "(webhook(verify=ours), ours(None))",
    ),
    "a helper passed on as verify to something else": (
        "def a(x): return open(x)\ndef call(verify): return verify('x')",
        "call(verify=a)",
    ),
    "a helper passed on": ("def a(x): return open(x)", "map(a, 'xy')"),
    "a generator": ("def a():\n    yield open('x')", "list(a())"),
    "an async helper": ("async def a(): return open('x')", "await a()"),
    "a lambda": ("a = lambda: open('x')", "a()"),
    "a decorated helper": (
        (
            "import functools\n"
            "def deco(f):\n"
            "    @functools.wraps(f)\n"
            "    def wrapper(): return f()\n"
            "    return wrapper\n"
            "@deco\n"
            "def a(): return open('x')"
        ),
        "a()",
    ),
    "a context manager": (
        "import contextlib\n@contextlib.contextmanager\ndef a():\n    yield open('x')",
        "a()",
    ),
    "a cached helper": ("import functools\n@functools.cache\ndef a(): return open('x')", "a()"),
    "a partial": (
        "import functools\ndef a(x): return open(x)\np = functools.partial(a, 1)",
        "p()",
    ),
    "a static method": (
        "class A:\n    @staticmethod\n    def read(): return open('x')",
        "A.read()",
    ),
    "a class method": (
        "class A:\n    @classmethod\n    def read(cls): return open('x')",
        "A.read()",
    ),
    "a method of a global": ("class A:\n    def read(self): return open('x')\na = A()", "a.read()"),
    "a table of functions": ("def a(): return open('x')\nTABLE = {'a': a}", "TABLE['a']()"),
}

NOT_REACHED = {
    "a helper that is not called": ("def helper(): return open('x')", "1"),
    "a step": (
        (
            "class Step:\n"
            "    def __init__(self, fn):\n"
            "        self.__outlast_definition__, self.__wrapped__ = fn, fn\n"
            "    def __call__(self): return self.__wrapped__()\n"
            "@Step\n"
            "def read(): return open('x')"
        ),
        "await read()",
    ),
    "what checks the requests to a webhook": (
        "from outlast import webhook\ndef ours(request): return open('x')",
        "webhook(int, verify=ours, max_body=7)",
    ),
    "the same by way of modules": (
        "import outlast\nclass checks:\n    def ours(request): return open('x')",
        "outlast.webhook(verify=checks.ours)",
    ),
    "the standard library": ("import linecache, json", "linecache.checkcache(), json.loads('1')"),
    "a property of a class": (
        "class A:\n    @property\n    def path(self): return open('x')\n    def __init__(self): ...",
        "A.path",
    ),
    "a long list of data": ("def a(): return open('x')\nTABLE = [a] * 1000", "TABLE"),
    "a class that is only named": ("class A:\n    def read(self): return open('x')", "A"),
}


@pytest.mark.parametrize(("helpers", "call"), REACHED.values(), ids=list(REACHED))
def test_side_effects_in_helpers_are_errors(write: Write, helpers: str, call: str) -> None:
    (finding,) = _check(write, helpers, call)
    assert finding.name == "open"


@pytest.mark.parametrize(("helpers", "call"), NOT_REACHED.values(), ids=list(NOT_REACHED))
def test_what_is_not_the_workflows_is_not_read(write: Write, helpers: str, call: str) -> None:
    assert _check(write, helpers, call) == ()


def test_helpers_of_other_modules_are_found_in_their_own_file(write: Write) -> None:
    helpers = write("def read():\n    return open('x')")
    flow = write(f"import {helpers.__name__} as h\nasync def flow(): return h.read()").flow
    (finding,) = check_workflow(flow)
    assert (finding.file, finding.line) == (helpers.__file__, 2)


def test_a_relative_import_in_the_body_is_followed(write: Write) -> None:
    write("", "relative.__init__")
    write("def read(): return open('x')", "relative.helpers")
    source = (
        "async def flow():\n    from . import helpers as h\n    from .helpers import read\n    "
    )
    for call in ("h.read()", "read()"):
        flow = write(f"{source}{call}", f"relative.flow_{call[0]}").flow
        assert [finding.name for finding in check_workflow(flow)] == ["open"]


METHOD = """
import time
class Order:
    def __init__(self): self.at = time.time()
    def save(self): open("x")
    def unused(self): input()
"""


def test_methods_are_guessed_by_name_and_only_warned_about(write: Write) -> None:
    found = _check(write, METHOD, "Order().save()", warnings=True)
    assert [(finding.name, finding.severity) for finding in found] == [
        ("time.time", "warning"),
        ("open", "warning"),
    ]
    assert _check(write, METHOD, "Order().save()") == ()


def test_a_property_and_a_default_of_the_users_are_guessed(write: Write) -> None:
    helpers = """
import dataclasses, time
def stamp(): return time.time()
@dataclasses.dataclass
class Order:
    at: float = dataclasses.field(default_factory=stamp)
    tags: list = dataclasses.field(default_factory=list)
    @property
    def path(self): return open("x")
"""
    found = _check(write, helpers, "Order().path", warnings=True)
    assert {(finding.name, finding.severity) for finding in found} == {
        ("time.time", "warning"),
        ("open", "warning"),
    }


FACTORIES = {
    "dataclass": "@dataclasses.dataclass\nclass A:\n    at: datetime = dataclasses.field(default_factory=datetime.now)",
    "attrs": "import attrs\n@attrs.define\nclass A:\n    at: datetime = attrs.field(factory=datetime.now)",
    "msgspec": "import msgspec\nclass A(msgspec.Struct):\n    id: str\n    at: datetime = msgspec.field(default_factory=datetime.now)",
    "pydantic": "import pydantic\nclass A(pydantic.BaseModel):\n    at: datetime = pydantic.Field(default_factory=datetime.now)",
}


@pytest.mark.parametrize("kind", FACTORIES)
def test_a_default_that_reads_the_clock_past_the_lens_is_a_warning(write: Write, kind: str) -> None:
    helpers = f"import dataclasses\nfrom datetime import datetime\n{FACTORIES[kind]}"
    (finding,) = _check(write, helpers, "A()", warnings=True)
    assert (finding.name, finding.severity) == ("A.at", "warning")
    assert "datetime.datetime.now" in finding.message


def test_time_read_by_a_helper_that_the_lens_does_not_reach_is_a_warning(write: Write) -> None:
    helpers = "import time\ndef a(): return time.time()\nTABLE = [a]"
    assert _check(write, helpers, "a()", warnings=True) == ()
    (finding,) = _check(write, helpers, "TABLE[0]()", warnings=True)
    assert (finding.name, finding.severity) == ("time.time", "warning")


def test_an_error_is_not_hidden_by_a_warning_at_the_same_place(write: Write) -> None:
    helpers = "class A:\n    @staticmethod\n    def read(): return open('x')"
    (finding,) = _check(write, helpers, "A(), A.read()", warnings=True)
    assert finding.severity == "error"


def test_reading_ends_for_endless_code(write: Write) -> None:
    functions = "\n".join(f"def f{n}(): return f{n + 1}()" for n in range(MAX_FUNCTIONS + 10))
    last = f"def f{MAX_FUNCTIONS + 10}(): return open('x')"
    assert _check(write, f"{functions}\n{last}", "f0()") == ()
    (finding,) = _check(write, f"{functions}\n{last}", "f20()")
    assert finding.name == "open"


@pytest.mark.parametrize(
    ("file", "users"),
    [
        ("/srv/app/flow.py", True),
        ("<stdin>", True),
        ("<ipython-input-3>", True),
        ("<frozen importlib._bootstrap>", False),
        ("/srv/.venv/lib/python3.11/site-packages/requests/api.py", False),
        ("/usr/lib/python3/dist-packages/requests/api.py", False),
    ],
)
def test_whose_file_it_is(file: str, users: bool) -> None:
    assert is_user_file(file) is users


def test_the_standard_library_and_outlast_are_not_the_users() -> None:
    assert not is_user_file(pytest.__file__)
    assert not is_user_file(check_workflow.__code__.co_filename)
    assert not is_user_file(__import__("json").__file__)


def test_an_installed_package_with_a_workflow_is_the_users(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    helper = "def read(): return open('x')\n"
    flow = "from shop_helpers import read\nasync def flow(): return read()\n"
    (packages / "shop_helpers.py").write_text(helper)
    (packages / "shop_flows.py").write_text(helper + flow.partition("\n")[2])
    monkeypatch.syspath_prepend(packages)
    assert check_workflow(write(flow).flow) == ()
    installed = importlib.import_module("shop_flows")
    assert [finding.name for finding in check_workflow(installed.flow)] == ["open"]


def _check(write: Write, helpers: str, call: str, **options: Any) -> tuple[Finding, ...]:
    module = write(f"{helpers}\n\nasync def flow():\n    return {call}\n")
    return check_workflow(module.flow, **options)
