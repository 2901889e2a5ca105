"""Replays the histories of a file, and prints where each of them stands after each event."""

import json
import sys
from pathlib import Path

from outlast._codec import Codec
from outlast._engine.execution import Execution
from outlast._registry.registry import REGISTRY
from outlast._runtime.verify import standing
from outlast.testing import History
from tests.laws import shapes  # noqa: F401 - registers the workflows


def main(file: str) -> None:
    histories = [History.from_json(text) for text in json.loads(Path(file).read_text())]
    print(json.dumps([standings(history) for history in histories]))


def standings(history: History) -> list[list[str]]:
    """What the code asks for after each event."""
    codec = Codec()
    definition = REGISTRY.workflow(history.workflow)
    assert definition is not None
    execution = Execution(definition, history.run_id, codec)
    found = []
    for logged in history.log():
        execution.feed(logged)
        found.append(list(standing(execution, codec)))
    execution.close()
    return found


if __name__ == "__main__":
    main(sys.argv[1])
