"""Whether the tests of agents are run at all."""

from importlib.metadata import version
from importlib.util import find_spec

import pytest

WITHOUT = "the tests of agents need the extra: pip install 'outlast[agents]'"


@pytest.mark.skipif(find_spec("pydantic_ai") is None, reason=WITHOUT)
def test_the_extra_is_installed() -> None:
    major, minor = version("pydantic-ai-slim").split(".")[:2]
    assert (int(major), int(minor)) >= (2, 68)
