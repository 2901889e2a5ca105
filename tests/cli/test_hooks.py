"""`hooks` and `resume`, and what the looking commands say of hooks."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from outlast import App, RunStatus, WorkerOptions, webhook, workflow
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


@workflow(name="cli_hooks.confirm")
async def confirm() -> bool:
    return await webhook(bool)


@pytest.fixture
def waiting(cli: Cli, flows: Path) -> str:
    """The id of a run that waits for somebody to approve order 7."""
    run_id = str(cli("start", f"{flows}:approve", "7", "--json").document["run"]["id"])

    async def let_it_wait() -> None:
        async with App(options=WorkerOptions(linger=0)) as app:
            while await app.get_run(run_id).status() is not RunStatus.SUSPENDED:
                await asyncio.sleep(0.01)

    asyncio.run(let_it_wait())
    return run_id


def test_hooks_are_listed_with_their_tokens(cli: Cli, waiting: str) -> None:
    text = cli("hooks").out
    for said in ("order:7", waiting, "hook#1", "in 3d 0h", '{"order":7}'):
        assert said in text
    (hook,) = cli("hooks", waiting, "--json").document["hooks"]
    assert (hook["token"], hook["run_id"], hook["metadata"]) == ("order:7", waiting, {"order": 7})
    assert cli("hooks", "run_other", "--json").document == {"hooks": []}
    assert "nothing waits" in cli("hooks", "run_other").err


def test_resume_hands_in_a_payload(cli: Cli, flows: Path, waiting: str) -> None:
    refused = cli("resume", "order:7", "perhaps", "--json")
    assert (refused.code, "boolean" in refused.err) == (2, True)
    broken = cli("resume", "order:7", "{yes: true}")
    assert (broken.code, "the payload is no JSON: Expecting" in broken.err) == (2, True)
    assert "Nothing was resumed." in " ".join(broken.err.split())
    assert cli("resume", "order:7", "true", "--key", "k", "--json").document == {"run": waiting}
    assert cli("resume", "order:7", "true", "--key", "k").code == 0
    assert cli("resume", "order:8", "true").code == 3
    assert cli("run", f"{flows}:approve", "--id", waiting).out.strip() == "true"
    assert cli("hooks", "--json").document == {"hooks": []}


@pytest.mark.parametrize("more", ["", "/", "?from=mail#top"])
def test_resume_takes_the_url_of_a_webhook(cli: Cli, more: str) -> None:
    async def wait_for_a_request() -> str:
        options = WorkerOptions(linger=0)
        async with App(options=options, public_url="https://shop.example/flows") as app:
            run = await app.start(confirm())
            while await run.status() is not RunStatus.SUSPENDED:
                await asyncio.sleep(0.01)
            return run.id

    run_id = asyncio.run(wait_for_a_request())
    url = cli("hooks").out.splitlines()[2]
    assert url.startswith("https://shop.example/flows/.well-known/")
    assert cli("resume", url + more, "true", "--json").document == {"run": run_id}


def test_the_looking_commands_tell_of_hooks(cli: Cli, flows: Path, waiting: str) -> None:
    assert "hook 3d 0h left" in cli("list").out
    shown = cli("show", waiting).out
    assert "◦ hook  expires in 3d 0h" in shown
    cli("resume", "order:7", "false")
    assert "1 payload" in cli("show", waiting).out
    events = cli("events", waiting).out
    assert "hook_opened" in events
    assert "hook_received" in events
    assert "secret" not in cli("events", waiting, "--json").out
