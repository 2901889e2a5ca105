"""Without the extra, the import says what to install."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{name!r}] = None
import outlast
try:
    import {room}
except ModuleNotFoundError as error:
    print(error.name, error)
"""


@pytest.mark.parametrize(
    ("room", "name"),
    [
        ("http", "starlette"),
        ("http", "httpx"),
        ("agents", "pydantic_ai"),
        ("otel", "opentelemetry"),
    ],
)
def test_what_is_missing_is_named_with_its_extra(room: str, name: str) -> None:
    program = [sys.executable, "-c", WITHOUT.format(name=name, room=f"outlast.{room}")]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.startswith(f"{name} outlast.{room} needs {name}")
    assert f'pip install "outlast[{room}]"' in said
