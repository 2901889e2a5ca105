"""Settings: where each comes from, and what is said of one that cannot be used."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from outlast import App, WorkerOptions
from outlast._api.options import runtime_options
from outlast._api.setting_table import SETTINGS
from outlast._api.settings import Origin, find_url, origin, setting, shown, shown_url
from outlast.errors import SettingsError, WorldError

DAY = 86_400_000_000


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty folder, and nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in SETTINGS:
        monkeypatch.delenv(f"OUTLAST_{name.upper()}", raising=False)
    return tmp_path


def write(folder: Path, line: str) -> None:
    (folder / "pyproject.toml").write_text(f"[tool.outlast]\n{line}\n")


def retention(**given: Any) -> int | None:
    return runtime_options(WorkerOptions(**given)).retention


def test_the_call_goes_before_the_environment_and_that_before_the_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert retention() is None
    write(elsewhere, 'retention = "2 days"')
    assert retention() == 2 * DAY
    assert origin("retention") == Origin(
        "2 days", f"[tool.outlast] in {elsewhere / 'pyproject.toml'}"
    )
    monkeypatch.setenv("OUTLAST_RETENTION", "3 days")
    assert retention() == 3 * DAY
    assert retention(retention="4 days") == 4 * DAY
    assert retention(retention=None) is None


def test_a_file_further_up_counts(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(elsewhere, "max_steps = 7")
    below = elsewhere / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert WorkerOptions().max_steps == 7


@pytest.mark.parametrize("url", ["sqlite:///shop.db", "shop.db", "./shop.db"])
def test_a_relative_file_of_the_pyproject_is_one_beside_it(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    write(elsewhere, f'url = "{url}"')
    below = elsewhere / "a" / "b"
    below.mkdir(parents=True)
    for folder in (elsewhere, below):
        monkeypatch.chdir(folder)
        assert find_url() == f"sqlite:///{elsewhere / 'shop.db'}"
    monkeypatch.setenv("OUTLAST_URL", url)
    assert find_url() == url


@pytest.mark.parametrize(
    "url", ["sqlite:////abs/shop.db", "/abs/shop.db", "memory://", "postgresql://host/base"]
)
def test_what_is_no_relative_file_stays(elsewhere: Path, url: str) -> None:
    write(elsewhere, f'url = "{url}"')
    assert find_url() == url


def test_a_file_that_changes_is_read_again(elsewhere: Path) -> None:
    write(elsewhere, "max_steps = 7")
    assert setting("max_steps") == 7
    write(elsewhere, "max_steps = 12345")
    assert setting("max_steps") == 12345


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("URL", "memory://", "memory://"),
        ("VERSION", "2026-11", "2026-11"),
        ("QUEUES", "gpu, default", ("gpu", "default")),
        ("MAX_STEPS", "12", 12),
        ("LEASE", "45s", "45s"),
        ("LEASE", "45", 45.0),
        ("RETENTION", "1.5", 1.5),
        ("URL", "https://host/api/v1", "https://host/api/v1"),
        ("VERIFY_REPLAY", "yes", True),
        ("VERIFY_REPLAY", "0", False),
        ("VERIFY_REPLAY", "", False),
    ],
)
def test_texts_of_the_environment_are_read(
    name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OUTLAST_{name}", text)
    assert setting(name.lower()) == value


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("url", "url = 7", "be a text"),
        ("version", 'version = "1\\n2"', "printable"),
        ("queues", "queues = []", "list queues"),
        ("queues", 'queues = ["a", 1]', "printable"),
        ("max_steps", 'max_steps = "many"', "whole number"),
        ("max_steps", "max_steps = true", "whole number"),
        ("max_live_runs", "max_live_runs = 0", "at least 1"),
        ("lease", 'lease = "10ms"', "at least 1 second"),
        ("lease", 'lease = "long"', "length of time"),
        ("retention", "retention = true", "length of time"),
        ("verify_replay", 'verify_replay = "perhaps"', "true or false"),
        ("grace", "grace = -1", "it is negative"),
        ("grace", 'grace = "-1s"', "it is negative"),
        ("url", 'url = "memory"', "no world has such a URL"),
        ("maxsteps", "maxsteps = 3", "there are: url, version"),
    ],
)
def test_a_wrong_value_in_the_file_is_named_with_it(
    name: str, line: str, reason: str, elsewhere: Path
) -> None:
    write(elsewhere, line)
    with pytest.raises(SettingsError, match=reason) as caught:
        setting("max_steps" if name == "maxsteps" else name)
    assert caught.value.setting == name
    assert str(elsewhere / "pyproject.toml") in caught.value.source


def test_a_wrong_value_in_the_environment_is_named_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTLAST_LINGER", "soon")
    with pytest.raises(SettingsError, match="OUTLAST_LINGER"):
        App("memory://")


def test_a_wrong_url_in_the_environment_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OUTLAST_URL", "postgresql://me:secret@host/base?shcema=x")
    with pytest.raises(SettingsError, match=r"OUTLAST_URL.*'shcema'") as caught:
        find_url()
    assert "secret" not in str(caught.value)
    assert caught.value.hint


TOKEN = "-".join(["s3cret"] * 3)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        (
            "http_tokens",
            f"operate:{TOKEN}, read:{TOKEN}2",
            (("operate", TOKEN), ("read", TOKEN + "2")),
        ),
        ("token", TOKEN, TOKEN),
    ],
)
def test_a_secret_is_used_and_not_shown(
    name: str, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(name).value is None
    variable = f"OUTLAST_{name.upper()}"
    monkeypatch.setenv(variable, text)
    assert setting(name) == value
    assert shown(name) == Origin("***", variable)


@pytest.mark.parametrize("name", ["http_tokens", "token"])
def test_a_secret_does_not_stand_in_a_file(name: str, elsewhere: Path) -> None:
    write(elsewhere, f'{name} = "operate:{TOKEN}"')
    with pytest.raises(SettingsError, match=f"OUTLAST_{name.upper()}") as caught:
        setting(name)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("token", f"{TOKEN} {TOKEN}"), ("http_tokens", "read:s3cret"), ("http_tokens", TOKEN)],
)
def test_a_secret_that_cannot_be_used_is_not_shown(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"OUTLAST_{name.upper()}", text)
    with pytest.raises(SettingsError) as caught:
        setting(name)
    assert "s3cret" not in str(caught.value) + repr(caught.value.value)


def test_a_wrong_value_of_the_call_is_named_with_it() -> None:
    with pytest.raises(SettingsError, match="WorkerOptions"):
        WorkerOptions(grace="soon")
    assert WorkerOptions(grace=timedelta(seconds=3)).grace == timedelta(seconds=3)


def test_options_in_the_place_of_another_argument_are_refused() -> None:
    with pytest.raises(TypeError, match=r"App\(worker=\.\.\.\) takes an object of the type bool"):
        App(worker=WorkerOptions(lease="1s"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("https://u:secret@h", "https://***@h"),
        ("https://u:sec/ret@h/x", "https://***@h/x"),
        ("https://u:sec#ret@h", "https://***@h"),
        ("u:sec@ret@h", "***@h"),
    ],
)
def test_a_public_url_is_told_without_its_password(
    value: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLAST_PUBLIC_URL", value)
    with pytest.raises(SettingsError, match="no name and no password") as caught:
        setting("public_url")
    assert caught.value.value == told
    assert "sec" not in str(caught.value)
    assert "ret" not in str(caught.value)


@pytest.mark.parametrize("value", ["https://h:x", "https://h:99999", "https://[::1"])
def test_a_public_url_without_a_host_or_with_an_odd_port_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUTLAST_PUBLIC_URL", value)
    with pytest.raises(SettingsError, match=r"(?i)port|url"):
        setting("public_url")


def test_an_api_whose_host_can_be_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://u:secret@[::1/api/v1"
    monkeypatch.setenv("OUTLAST_URL", url)
    with pytest.raises(SettingsError, match="cannot be a host") as caught:
        find_url()
    with pytest.raises(WorldError, match="cannot be a host") as given:
        shown_url(url)
    assert "secret" not in f"{caught.value}{given.value}"


def test_a_file_that_is_no_toml_is_named(elsewhere: Path) -> None:
    (elsewhere / "pyproject.toml").write_text("[tool.outlast\n")
    with pytest.raises(SettingsError, match="no TOML") as caught:
        find_url()
    assert str(caught.value).startswith("[tool.outlast] (")


@pytest.mark.parametrize("line", ["[tool]\noutlast = 3", "[tool]\noutlast = []"])
def test_a_table_that_is_none_is_named(line: str, elsewhere: Path) -> None:
    (elsewhere / "pyproject.toml").write_text(line)
    with pytest.raises(SettingsError, match="must be a table"):
        find_url()


def test_the_version_is_what_runs_record(monkeypatch: pytest.MonkeyPatch) -> None:
    async def version() -> str:
        async with App("memory://", worker=False) as app:
            return app.runtime.version

    monkeypatch.setenv("OUTLAST_VERSION", "2026-11")
    assert asyncio.run(version()) == "2026-11"


def test_the_page_has_all_settings_with_their_defaults() -> None:
    page = Path(__file__).parents[2] / "docs" / "how-to" / "settings.md"
    rows = [line.split(" | ") for line in page.read_text().splitlines() if line.startswith("| `")]
    said = {row[0].strip("| `"): row[1].strip("`") for row in rows}
    assert set(said) == set(SETTINGS)
    for name, one in SETTINGS.items():
        if one.default is not None:
            default = one.default[0] if isinstance(one.default, tuple) else one.default
            assert said[name] == str(default).replace("False", "false"), name
