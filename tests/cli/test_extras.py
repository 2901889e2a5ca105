"""Without what an extra brings, a command says what to install."""

import sys
from collections.abc import Callable

import pytest

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]


@pytest.mark.parametrize(
    ("arguments", "missing", "use"),
    [
        (("serve",), "outlast.http", "which `outlast serve` needs"),
        (("web",), "outlast.web", "which `outlast web` needs"),
        (("list", "--url", "http://nobody/api/v1"), "outlast.http", "which a URL of HTTP needs"),
    ],
)
def test_the_extra_is_named(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    missing: str,
    use: str,
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    answer = cli(*arguments)
    assert answer.code == 2
    assert f"there is no {missing}, {use}" in " ".join(answer.err.split())
    assert 'pip install "outlast[http]"' in answer.err


def test_telemetry_names_its_own(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTLAST_OTEL", "true")
    monkeypatch.setitem(sys.modules, "outlast.otel", None)
    answer = cli("serve", "--port", 0)
    assert answer.code == 2
    assert "there is no outlast.otel, which OUTLAST_OTEL needs" in answer.err
    assert 'pip install "outlast[otel]"' in answer.err
