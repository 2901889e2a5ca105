"""Logs that were recorded by this and by earlier releases replay on the present code, for ever."""

from pathlib import Path
from typing import Any, get_args

import pytest

from outlast import Workflow
from outlast._model.events import Event
from outlast.testing import History, assert_replays, replay
from tests.histories import flows

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.json"))

FLOWS: dict[str, Workflow[..., Any]] = {
    flow.name: flow for flow in vars(flows).values() if isinstance(flow, Workflow)
}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_replays(file: Path) -> None:
    history = History.load(file)
    assert_replays(history, FLOWS[history.workflow])


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_beginning_replays(file: Path) -> None:
    history = History.load(file)
    for length in range(1, len(history.events)):
        beginning = History(
            run_id=history.run_id,
            workflow=history.workflow,
            version=history.version,
            events=history.events[:length],
        )
        assert replay(beginning, FLOWS[history.workflow]).ok


def test_the_histories_have_all_kinds_of_events() -> None:
    kept = {event.kind for file in FILES for event in History.load(file).events}
    assert kept == {cls.__struct_config__.tag for cls in get_args(Event)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_history_survives_its_file(file: Path) -> None:
    history = History.load(file)
    assert history.json() == file.read_text(encoding="utf-8")
