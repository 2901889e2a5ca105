"""Standard output that is closed, full, or of another encoding."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from outlast.cli import main
from tests.cli.conftest import Answer


def test_closed_standard_output_is_none_of_our_business(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["version"]) == 0
    sys.stdout.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_full_disk_is_told(
    more: list[str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["version", *more]) == 2
    assert "standard output cannot be written: No space left on device" in capsys.readouterr().err


def test_what_the_encoding_lacks_is_escaped_and_json_is_utf_8(
    flows: Path, cli: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def printed(*arguments: str) -> bytes:
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
        assert main([*arguments]) == 0
        return raw.getvalue()

    assert cli("start", f"{flows}:nap", "--id", "é").code == 0
    assert b"\\xe9" in printed("list")
    assert json.loads(printed("list", "--json"))["runs"][0]["id"] == "é"
