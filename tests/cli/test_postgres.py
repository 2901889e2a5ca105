"""The commands that look, on PostgreSQL."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from outlast import App
from outlast.cli.list import Filters, wanted_runs
from outlast.cli.top.picture import Looker, Picture
from tests.cli.conftest import Answer
from tests.postgres import Postgres

Cli = Callable[..., Answer]


def test_the_looking_commands(cli: Cli, flows: Path, postgres: Postgres) -> None:
    url = postgres.url()
    cli("db", "upgrade", "--url", url)
    assert cli("run", f"{flows}:talk", "--id", "talk", "--url", url).code == 0

    def asked(*arguments: str) -> Answer:
        answer = cli(*arguments, "--json", "--url", url)
        assert answer.code == 0
        return answer

    assert [run["id"] for run in asked("list", "--text", "ALK").document["runs"]] == ["talk"]
    assert [run["id"] for run in asked("list", "--sort", "-ended").document["runs"]] == ["talk"]
    assert [step["name"] for step in asked("steps", "talk").document["steps"]] == ["cli_say"]
    assert [one["tail"] for one in asked("streams", "talk").document["streams"]] == [2]
    assert json.loads(asked("tail", "talk", "words").out.splitlines()[0]) == "hello"
    assert asked("workflows", "cli_talk").document["stats"]["success"] == 1.0
    assert asked("show", "talk", "--follow").document["ending"]["state"] == "completed"
    picture = asyncio.run(_picture(url))
    assert [run.id for run in picture.runs] == ["talk"]
    assert sum(picture.overview.counts.values()) == 1


async def _picture(url: str) -> Picture:
    async with App(url, worker=False) as app:
        return await Looker(app, wanted_runs(Filters(), 10)).look()
