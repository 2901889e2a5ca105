"""The page of the coding agent that is checked in is that of its sources."""

from pathlib import Path

import pytest

from tools.agent_page import PAGE
from tools.node import Unavailable


def test_the_built_page_is_current(tmp_path: Path) -> None:
    try:
        PAGE.build(tmp_path)
    except Unavailable as reason:
        pytest.skip(f"the page cannot be built here: {reason}")
    fresh, kept = (
        {one.name: one.read_bytes() for one in folder.iterdir()}
        for folder in (tmp_path, PAGE.built)
    )
    assert sorted(fresh) == sorted(kept)
    stale = [name for name in fresh if fresh[name] != kept[name]]
    assert stale == [], "build it anew: python -m tools.agent_page"


def test_its_types_are_right() -> None:
    try:
        assert PAGE.check_types() == ""
    except Unavailable as reason:
        pytest.skip(f"its types cannot be checked here: {reason}")
