"""The server is killed in the middle of an answer, and the message is finished as if nothing had been."""

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
    assert "(by SIGKILL)" in told
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


@pytest.mark.parametrize(
    "moments",
    [
        pytest.param(("data-output",), id="within a command"),
        pytest.param(
            ("text-delta", "data-output"),
            id="within an answer of the model, and within a command",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_answer_survives(
    sandboxes: BubblewrapSandboxes, server: str, moments: tuple[str, ...]
) -> None:
    seen: list[Form] = []
    place = ""
    # A connection that is kept may be used again before it is seen that the server has died.
    none_kept = httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(base_url=server, timeout=PATIENCE, limits=none_kept) as client:
        request = client.build_request("POST", "/api/code", json=body_of("make a stopwatch"))
        for moment in moments:
            response = client.send(request, stream=True)
            place = response.headers["x-workflow-run-id"]
            reader = Reader(response)
            seen += reader.until(moment)
            reader.killed(client)
            response.close()
            request = client.build_request(
                "GET", f"/api/code/{place}/stream?startIndex={len(seen)}"
            )
        rest = chunks_of(client.send(request).text)
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
