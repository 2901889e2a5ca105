"""`cancel`, `wake`, `check`, `version`, `completion`, and help."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Answer

Cli = Callable[..., Answer]

BAD = """
import os
import subprocess
from outlast import workflow


def home():
    return os.environ["HOME"]


@workflow(name="cli_bad_one")
async def one():
    return open(home()).read()


@workflow(name="cli_bad_two")
async def two():
    for name in {"x", "y"}:
        subprocess.run([name])
"""


def test_a_cancelled_run_ends_when_it_is_worked_on(cli: Cli, flows: Path) -> None:
    run_id = cli("start", f"{flows}:nap").out.strip()
    asked = cli("cancel", run_id, "--reason", "not tired", "--json")
    assert asked.code == 0
    assert asked.document["runs"][0]["done"] is True
    ended = cli("run", f"{flows}:nap", "--id", run_id)
    assert ended.code == 1
    assert "cancelled: not tired" in cli("show", run_id).out
    again = cli("cancel", run_id)
    assert again.code == 1
    assert "is over already: cancelled" in again.out


def test_nothing_is_asked_if_one_run_does_not_exist(cli: Cli, flows: Path) -> None:
    run_id = cli("start", f"{flows}:nap").out.strip()
    answer = cli("cancel", run_id, "nope")
    assert answer.code == 3
    assert "there is no run 'nope'" in answer.err
    assert "Nothing was asked of the others" in answer.err
    answer = cli("wake", "nope", "--json")
    assert json.loads(answer.err)["error"]["kind"] == "run-not-found"
    assert cli("show", run_id, "--json").document["run"]["events"] == 1


def test_check_finds_everything_in_all_workflows(cli: Cli, folder: Path) -> None:
    (folder / "cli_bad.py").write_text(BAD)
    answer = cli("check", "cli_bad.py")
    assert answer.code == 1
    assert "cli_bad.py:8:12  error  os.environ" in answer.out
    assert "cli_bad.py:13:12  error  open" in answer.out
    assert "    13 │ return open(home()).read()" in answer.out
    assert "2 workflows checked: 3 errors, 1 warning" in answer.out
    document = cli("check", "cli_bad.py", "--json").document
    assert (document["errors"], document["warnings"]) == (3, 1)
    assert {finding["line"] for finding in document["findings"]} == {8, 13, 18, 19}


def test_check_is_content_with_what_is_fine(cli: Cli, flows: Path) -> None:
    answer = cli("check", flows)
    assert answer.code == 0
    assert "5 workflows checked, nothing found" in answer.out


LOUD = """
from outlast import workflow

print("imported")


@workflow(name="cli_loud")
async def loud() -> int:
    print("in the workflow")
    return 1
"""


def test_what_a_module_prints_is_not_part_of_the_answer(cli: Cli, folder: Path) -> None:
    (folder / "cli_loud.py").write_text(LOUD)
    answer = cli("check", "cli_loud.py", "--json")
    assert (answer.document["workflows"], answer.err) == (["cli_loud"], "imported\n")
    del sys.modules["cli_loud"]
    answer = cli("run", "cli_loud.py", "--json")
    assert answer.document["ending"]["result"] == 1
    assert "imported\n" in answer.err
    assert "in the workflow\n" in answer.err
    assert cli("start", "cli_loud.py", "--json").document["run"]["workflow"] == "cli_loud"


@pytest.mark.parametrize(
    "line", ["asyncio.run(main())", "try:\n    x = asyncio.run(main())\nfinally: ..."]
)
def test_a_program_is_not_run_in_order_to_check_it(cli: Cli, folder: Path, line: str) -> None:
    text = "import asyncio\nfrom pathlib import Path\nPath('ran').touch()\n"
    (folder / "cli_program.py").write_text(f"{text}async def main() -> None: ...\n{line}\n")
    answer = cli("check", "cli_program.py")
    assert (answer.code, answer.out) == (2, "")
    assert "cli_program.py is a program: importing it would run it, from line" in answer.err
    assert 'if __name__ == "__main__":' in answer.err
    assert not (folder / "ran").exists()


def test_a_module_that_exits_or_raises_cannot_be_checked(cli: Cli, folder: Path) -> None:
    for name, line in (("cli_quits", "raise SystemExit(0)"), ("cli_raises", "1 / 0")):
        (folder / f"{name}.py").write_text(f"{line}\n")
        answer = cli("check", f"{name}.py", "--json")
        assert (answer.code, answer.out) == (2, "")
        message = json.loads(answer.err)["error"]["message"]
        assert message.startswith(f"{name}.py cannot be imported: ")


def test_a_workflow_with_side_effects_cannot_be_run(cli: Cli, folder: Path) -> None:
    (folder / "cli_worse.py").write_text(BAD.replace("cli_bad", "cli_worse"))
    answer = cli("run", "cli_worse.py:one")
    assert answer.code == 2
    assert "cli_worse.py:13:12 open" in " ".join(answer.err.split())
    assert "Run: outlast explain side-effect" in answer.err


def test_version(cli: Cli) -> None:
    assert cli("version", "--json").document["python"] == ".".join(map(str, sys.version_info[:3]))
    assert cli("--version").out == cli("version").out != ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_all_commands(cli: Cli, shell: str) -> None:
    script = cli("completion", shell).out
    assert all(name in script for name in ("worker", "events", "verify-replay"))


def test_completion_of_bash_knows_commands_and_files(cli: Cli, folder: Path) -> None:
    (folder / "outlast.bash").write_text(cli("completion", "bash").out)
    program = (
        "source ./outlast.bash; COMP_WORDS=(outlast li) COMP_CWORD=1; _outlast;"
        "echo ${COMPREPLY[*]}; complete -p outlast"
    )
    command = ["bash", "-c", program]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == "list\ncomplete -o default -F _outlast outlast\n"


def test_completion_of_zsh_is_called_and_knows_files(cli: Cli) -> None:
    script = cli("completion", "zsh").out
    assert script.startswith("#compdef outlast\n\n_cyclopts_outlast() {\n")
    assert '  _cyclopts_outlast "$@"\nelse\n  compdef _cyclopts_outlast outlast\n' in script
    assert script.count("'1:A FILE or a MODULE.:_files' \\\n") == 2
    assert "'1:The run'\\''s id.:_files' \\\n" in script


def test_help_loads_no_command_and_documents_the_exit_codes() -> None:
    program = (
        "import sys, json; from outlast.cli import main; main(['--help']); "
        "print(json.dumps(sorted(m for m in sys.modules if m.startswith('outlast.cli.'))))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    *text, loaded = answer.stdout.splitlines()
    assert not {"outlast.cli.run", "outlast.cli.worker", "outlast.cli.demo"} & set(
        json.loads(loaded)
    )
    assert "  130  stopped by Ctrl-C; what was started is kept" in text
    assert all(any(f" {name} " in line for line in text) for name in ("run", "worker", "demo"))


def test_an_unknown_command_is_refused(cli: Cli) -> None:
    answer = cli("frobnicate")
    assert answer.code == 2
    assert 'Unknown command "frobnicate"' in answer.err


@pytest.mark.parametrize(
    "command",
    [
        ["list", "--text"],
        ["list", "--workflow"],
        ["list", "--version"],
        ["list", "--parent"],
        ["prune", "--older-than", "1d", "--workflow"],
        ["workflows"],
        ["show"],
        [],
    ],
    ids=" ".join,
)
def test_an_argument_that_is_no_utf_8_is_refused(cli: Cli, command: list[str]) -> None:
    for more in ((), ("--json",)):
        answer = cli(*command, "a\udcff", *more)
        assert (answer.code, answer.out) == (2, "")
        assert "'a\\udcff' is not UTF-8" in answer.err.replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("arguments", "help_of"),
    [
        (("list", "--frob"), "list"),
        (("--json", "list", "--limit", "x"), "list"),
        (("start", "{flows}:nap", "--frob"), "start"),
        (("frobnicate",), ""),
    ],
)
def test_a_wrong_option_leads_to_the_help_of_its_command(
    cli: Cli, flows: Path, arguments: tuple[str, ...], help_of: str
) -> None:
    answer = cli(*[argument.format(flows=flows) for argument in arguments])
    assert answer.code == 2
    assert f"See: outlast {help_of} --help".replace("  ", " ") in " ".join(answer.err.split())


@pytest.mark.usefixtures("run_id")
def test_errors_are_json_if_json_is_asked_for(cli: Cli) -> None:
    answer = cli("--json", "show", "nope")
    assert json.loads(answer.err)["error"]["kind"] == "run-not-found"
    assert answer.out == ""
