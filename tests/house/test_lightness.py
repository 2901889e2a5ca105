"""What is imported, and what is not: each is a promise about how soon a process begins its work."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EDGES = {"cyclopts", "rich", "starlette", "uvicorn", "httpx", "outlast.http", "outlast.cli"}
CHECKERS = {"pydantic", "jsonschema", "outlast._webhooks"}
SELDOM = {"tomllib", "zoneinfo", "importlib.resources", "importlib.metadata", "zipfile", "attr"}
OTHERS = {"asyncpg", "outlast.worlds.postgres", "outlast.testing", "outlast.blocking", "textual"}

PROGRAM = """
import asyncio
from outlast import App, sleep, start, step, workflow

@step
async def work(n):
    return n

@workflow
async def flow(n):
    await sleep(0)
    return await work(n)

async def main():
    async with App("sqlite:///light.db") as app:
        assert await (await start(flow(1))).result("20s") == 1
"""

CASES = {
    "the package": ("import outlast", {"asyncio", "msgspec", "outlast.errors", "outlast._api"}),
    "the errors": ("import outlast.errors", {"asyncio", "msgspec", "outlast._api"}),
    "a program": (
        PROGRAM,
        EDGES | CHECKERS | SELDOM | OTHERS | {"sqlite3", "outlast.worlds.sqlite"},
    ),
    "a program that runs": (
        f"{PROGRAM}\nasyncio.run(main())",
        EDGES | OTHERS | {"jsonschema", "outlast._webhooks", "outlast.worlds.memory", "tomllib"},
    ),
    "a list": (
        "from outlast.cli import main; main(['list']); import outlast",
        OTHERS | {"starlette", "uvicorn", "httpx", "outlast.http", "jsonschema"},
    ),
    "the help": (
        "import sys; sys.argv = ['outlast', '--help']; import _outlast_command; _outlast_command.main()",
        CHECKERS | OTHERS | {"asyncio", "msgspec", "sqlite3", "outlast._api", "outlast.cli.run"},
    ),
}
"""What a process does, and the modules that it must not need for it."""


@pytest.mark.parametrize("what", CASES)
def test_imports_are_few(what: str, tmp_path: Path) -> None:
    program, without = CASES[what]
    loaded = _loaded(program, tmp_path)
    assert "outlast" in loaded
    assert without & loaded == set()


def _loaded(program: str, folder: Path) -> set[str]:
    """The modules that a fresh interpreter has after a program. What runs when any interpreter of this
    installation starts is not of the program."""
    script = (
        "import sys; before = set(sys.modules)\n"
        f"{program}\n"
        "import json; print(); print(json.dumps([m for m in sys.modules if m not in before]))"
    )
    file = folder / "light.py"
    file.write_text(script)
    done = subprocess.run(
        [sys.executable, str(file)], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))
