"""The sites that the pages show how to build: served, they open the app and answer."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from tests.house.checkout import ROOT
from tests.house.markdown import blocks


@pytest.mark.parametrize(
    ("page", "path"), [("http.md", "/outlast/api/v1/runs"), ("web-ui.md", "/ops/api/v1/runs")]
)
def test_a_site_is_served(
    page: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mounted = [one for one in blocks(ROOT / "docs" / "how-to" / page) if "lifespan" in one.body]
    (block,) = mounted
    names: dict[str, ASGIApp] = {}
    exec(re.sub(r"postgresql://\.\.\.", "memory://", block.body), names)  # noqa: S102 - our own
    here = TestClient(names["site"], base_url="http://localhost", client=("127.0.0.1", 5000))
    with here as client:
        assert client.get(path).json() == {"runs": [], "cursor": None}
