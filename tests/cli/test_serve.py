"""`outlast serve`, where it does not get to serve."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import uvicorn

from outlast.http.serving import Server, listen
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


def test_a_port_that_is_taken(cli: Cli, flows: Path) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        answer = cli("serve", flows, "--port", port)
    assert answer.code == 2
    assert f"nothing can listen at 127.0.0.1:{port}" in answer.err
    assert "--port (0 takes a free one)" in answer.err


@pytest.mark.parametrize("port", [-1, 65_536, 99_999])
def test_a_port_that_there_is_not(cli: Cli, flows: Path, port: int) -> None:
    answer = cli("serve", flows, f"--port={port}")
    assert answer.code == 2
    assert "--port" in answer.err
    assert "Traceback" not in answer.err


def test_tokens_that_cannot_be_used(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_HTTP_TOKENS", "admin:hunter2hunter2hunter2")
    answer = cli("serve", "--port", 0)
    assert answer.code == 2
    assert "hunter2" not in answer.err + answer.out


def test_it_says_who_is_answered(cli: Cli, flows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def start_and_stop(self: Server, sockets: list[socket.socket] | None = None) -> None:
        await uvicorn.Server.startup(self, sockets)
        self.stop()

    monkeypatch.delenv("OUTLAST_HTTP_TOKENS", raising=False)
    monkeypatch.setattr(Server, "startup", start_and_stop)
    answer = cli("serve", flows, "--host", "0.0.0.0", "--port", 0)  # noqa: S104 - that is the point
    assert answer.code == 0
    assert answer.out.startswith("http://0.0.0.0:")
    assert "only this machine is answered" in answer.err


def test_an_empty_host_is_refused(cli: Cli, flows: Path) -> None:
    answer = cli("serve", flows, "--host", "")
    assert answer.code == 2
    assert "--host is empty" in answer.err
    assert "--host 0.0.0.0" in answer.err
