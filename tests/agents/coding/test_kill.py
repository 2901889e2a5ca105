"""The server is killed in the middle of an answer, twice, and the message is finished as if nothing had been."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from examples.coding_agent.sandbox import BubblewrapSandboxes
from tests.agents.coding.conftest import Form, body_of, chunks_of, data_of, text_of
from tests.house.checkout import ROOT
from tests.programs import Program, Start

PATIENCE = 60.0
GONE = (httpx.RemoteProtocolError, httpx.ReadError)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that is started again when it is killed."""
    arguments = ("-m", "examples.coding_agent", "--port", "0", "--data", str(tmp_path))
    with Program(
        Start(arguments, ROOT, {**os.environ, "CODING_AGENT_PACE": "0.005"})
    ) as supervisor:
        assert supervisor.stdout is not None
        yield supervisor.stdout.readline().strip()
        supervisor.send_signal(signal.SIGTERM)
        told, _ = supervisor.communicate()
    assert told.count("(by SIGKILL)") == 2
    assert supervisor.returncode == 0


class Reader:
    """Reads the chunks of a stream that may break off."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()

    def until(self, kind: str) -> list[Form]:
        """Those up to the first of a kind."""
        found: list[Form] = []
        for line in self._lines:
            if line.startswith("data: {"):
                found.append(msgspec.json.decode(line.removeprefix("data: ")))
                if found[-1]["type"] == kind:
                    return found
        raise AssertionError(kind)

    def killed(self, client: httpx.Client) -> None:
        """Kill the server, and see the stream break off."""
        assert client.post("/api/development/kill").status_code == 202
        with pytest.raises(GONE):
            for _ in self._lines:
                pass


def test_an_answer_survives_two_kills(sandboxes: BubblewrapSandboxes, server: str) -> None:
    with httpx.Client(base_url=server, timeout=PATIENCE) as client:
        with client.stream("POST", "/api/code", json=body_of("make a stopwatch")) as response:
            place = response.headers["x-workflow-run-id"]
            reader = Reader(response)
            seen = reader.until("text-delta")  # within an answer of the model
            reader.killed(client)
        with client.stream("GET", f"/api/code/{place}/stream?startIndex={len(seen)}") as response:
            reader = Reader(response)
            seen += reader.until("data-output")  # within a command
            reader.killed(client)
        rest = chunks_of(client.get(f"/api/code/{place}/stream?startIndex={len(seen)}").text)
        whole = chunks_of(client.get(f"/api/code/{place}/stream?startIndex=0").text)
        assert seen + rest == whole
        assert whole[-1] == {"type": "finish", "finishReason": "stop"}
        assert text_of(whole).count("I make you a stopwatch") == 1
        assert text_of(whole).count("Your stopwatch is at the side") == 1
        assert len(data_of(whole, "sandbox")) == 1
        assert data_of(whole, "output")[-1]["exit"] == 0
        assert "Stopwatch" in client.get(data_of(whole, "preview")[0]["url"]).text
        messages = client.get("/api/code/c1").json()["messages"]
        assert [one["role"] for one in messages] == ["user", "assistant"]
