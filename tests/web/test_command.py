"""`outlast web` as a user starts it: on a database, and where there is none."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from outlast.cli.exits import Exit
from tests.programs import Program, Start, run_program

FLOW = """
from outlast import workflow

@workflow(name="web.command")
async def flow() -> str:
    return "done"
"""

BROWSER = """
import pathlib, sys, urllib.request
with urllib.request.urlopen(sys.argv[1]) as page:
    assert b"<title>Outlast</title>" in page.read()
pathlib.Path({opened!r}).write_text(sys.argv[1])
"""
"""A browser that has loaded the page before it returns: as those do that are waited for."""


def test_it_shows_the_runs_of_a_database(tmp_path: Path) -> None:
    (tmp_path / "flow.py").write_text(FLOW)
    ran = run_program(Start(("-m", "outlast", "run", "flow.py:flow"), tmp_path))
    assert ran.returncode == 0, ran.stderr
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    (tmp_path / "browser.py").write_text(BROWSER.format(opened=str(opened)))
    arguments = ("-m", "outlast", "web", "--port", "0", "--read-only", "--open")
    env = os.environ | {"BROWSER": f"{sys.executable} {tmp_path / 'browser.py'} %s"}
    with Program(Start(arguments, tmp_path, env), stderr=subprocess.DEVNULL) as web:
        assert web.stdout is not None
        url = web.stdout.readline().strip()
        assert opened.read_text() == url, "which waits until it is written"
        with httpx.Client(base_url=url, timeout=20) as client:
            assert "<title>Outlast</title>" in client.get("").text
            runs = client.get("api/v1/runs").json()["runs"]
            assert [run["workflow"] for run in runs] == ["web.command"]
            assert client.get("api/v1/me").json()["role"] == "read"
            assert client.post(f"api/v1/runs/{runs[0]['id']}/wake").status_code == 403
        wrong = ("-m", "outlast", "web", "--port", "0", "--url", url)
        pathless = run_program(Start(wrong, tmp_path))
        assert pathless.returncode == Exit.USAGE
        assert "Give the URL of the API with its path" in pathless.stderr
        web.send_signal(signal.SIGINT)
        assert web.wait() == 0


def test_it_makes_no_database(tmp_path: Path) -> None:
    done = run_program(Start(("-m", "outlast", "web", "--port", "0"), tmp_path))
    assert done.returncode == Exit.NOT_FOUND
    assert "no database yet" in done.stderr
    assert list(tmp_path.iterdir()) == []
