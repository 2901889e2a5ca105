"""Without the extra, the import says what to install."""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules[{name!r}] = None
import outlast
try:
    from outlast.http import asgi
except ModuleNotFoundError as error:
    print(error.name, error)
"""


@pytest.mark.parametrize("name", ["starlette", "httpx"])
def test_what_is_missing_is_named_with_its_extra(name: str) -> None:
    program = [sys.executable, "-c", WITHOUT.format(name=name)]
    said = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60).stdout
    assert said.startswith(f"{name} outlast.http needs {name}")
    assert 'pip install "outlast[http]"' in said
