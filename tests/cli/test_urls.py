"""What is said of a URL that a command cannot use."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]
API = "https://host.example/api/v1"


@pytest.mark.parametrize("url", ["127.0.0.1:8000/api/v1", "ftp://x"])
def test_the_form_of_an_http_api_is_named(
    cli: Cli, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = cli("list", "--url", url, "--json")
    monkeypatch.setenv("OUTLAST_URL", url)
    for answer in (given, cli("list", "--json")):
        assert answer.code != 0
        assert "no world has such a URL" in answer.err
        assert "sqlite:///FILE.db" in answer.err
        assert "https://HOST/api/v1" in answer.err


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_where_the_url_was_set_is_named(
    cli: Cli, flows: Path, folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "pyproject.toml").write_text(f'[tool.outlast]\nurl = "{API}"\n')
    from_file = cli(command, flows, "--json")
    monkeypatch.setenv("OUTLAST_URL", API)
    from_environment = cli(command, flows, "--json")
    given = cli(command, flows, "--url", API, "--json")
    for answer in (from_file, from_environment, given):
        assert answer.code == 2
        assert f"this needs the database, and {API} is an HTTP API" in answer.err
    assert "The URL comes from [tool.outlast] in " in from_file.err
    assert "The URL comes from OUTLAST_URL. " in from_environment.err
    assert "comes from" not in given.err
