"""What is said of a URL that a command cannot use."""

from collections.abc import Callable

import pytest

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


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
