"""Sandboxes go with the runs of their chats, and chats that nobody uses go in time."""

import asyncio
from pathlib import Path

import httpx
import pytest

from examples.coding_agent.sandbox import BubblewrapSandboxes
from examples.coding_agent.server import CodingServer
from examples.coding_agent.sweeping import sweep
from outlast import RunStatus
from tests.agents.coding.conftest import output_of, say


def test_what_nobody_has_any_more_is_removed(
    sandboxes: BubblewrapSandboxes, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = data / "sandboxes"
    orphan = root / "app-0123456789-0123456789"
    (orphan / "work").mkdir(parents=True)

    async def scenario() -> None:
        site = CodingServer()
        transport = httpx.ASGITransport(site, client=("127.0.0.1", 5000))
        client = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=60)
        async with site.router.lifespan_context(site), client:
            while orphan.exists():  # the server looks when it starts
                await asyncio.sleep(0.01)
            made = output_of(await say(client, "run echo x > file"), "create_sandbox")["sandbox"]
            run = site.outlast.get_run("chat_c1")
            while await run.status() is not RunStatus.SUSPENDED:
                await asyncio.sleep(0.01)
            assert await sweep(site.outlast) == []

            monkeypatch.setenv("CODING_AGENT_KEEP_DAYS", "0.0000000001")
            assert await sweep(site.outlast) == []  # its chat ends, and is still in the log
            async for event in run.follow():
                if event.kind == "run_cancelled":
                    break
            assert (root / made / "work" / "file").read_text() == "x\n"
            assert await site.outlast.prune(0) == 1
            assert await sweep(site.outlast) == [made]
            assert list(root.iterdir()) == []

    asyncio.run(asyncio.wait_for(scenario(), 60))
