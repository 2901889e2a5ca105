"""The built pages are those of the sources, light, and ask nobody else for anything."""

import gzip
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tools.node import Unavailable
from tools.web_page import PAGE

BUILT = PAGE.built
FIRST_LOAD = 250_000
"""Bytes, compressed."""


def test_the_build_is_current(tmp_path: Path) -> None:
    page = replace(PAGE, built=tmp_path / "static")
    page.built.mkdir()
    (page.built / "old.js").touch()
    try:
        assert page.check_types() == ""
        page.replace()
    except Unavailable as error:
        pytest.skip(f"the pages cannot be built here: {error}")
    except subprocess.CalledProcessError as error:
        pytest.fail(str(error.stderr))
    assert list(tmp_path.iterdir()) == [page.built]
    fresh = _files(page.built)
    assert fresh == _files(BUILT), "the sources have changed: make web"


def test_the_first_load_is_light() -> None:
    assert sum(len(gzip.compress(data)) for data in _files(BUILT).values()) < FIRST_LOAD


def test_nothing_is_inline_or_elsewhere() -> None:
    page = (BUILT / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert not re.findall(r'\bon\w+="|<style|style="|src="http|href="http', page)
    assert '<base href="/">' in page, "it is told there where it is mounted"


def test_no_payload_can_become_html() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for path in (BUILT.parents[3] / "web" / "src").rglob("*.ts*")
    )
    assert not re.findall(r"dangerouslySetInnerHTML|innerHTML|insertAdjacentHTML|eval\(", sources)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
