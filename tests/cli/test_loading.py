"""Loading the user's file or module, and finding a workflow in it."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from outlast.cli.loading import load
from outlast.cli.problem import Problem
from outlast.cli.targets import find_workflow
from tests.cli.conftest import Answer

Cli = Callable[..., Answer]

FLOW = """
from outlast import workflow

class {name}_Orders:
    @workflow
    @staticmethod
    async def pay() -> int:
        return 1

@workflow(name="{name}_recorded")
async def written() -> int:
    return 2

@workflow(name="{name}:colon")
async def colon() -> int:
    return 3

if __name__ == "__main__":
    raise RuntimeError("this is no script now")
"""


@pytest.fixture(autouse=True)
def restored(folder: Path) -> Iterator[None]:
    """Modules and the path are as they were."""
    modules, path = set(sys.modules), [*sys.path]
    yield
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    sys.path[:] = path


def written(folder: Path, name: str, text: str = FLOW) -> Path:
    file = folder / f"{name}.py"
    file.write_text(text.replace("{name}", name))
    return file


def test_a_file_is_a_module_of_its_stem(folder: Path) -> None:
    module = load(str(written(folder, "cli_load_a")))
    assert module.__name__ == "cli_load_a"
    assert sys.modules["cli_load_a"] is module
    assert load("cli_load_a.py") is module


def test_a_file_sees_its_neighbours_as_a_script_does(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    (inner / "cli_neighbour.py").write_text("VALUE = 7")
    (inner / "cli_load_b.py").write_text("from cli_neighbour import VALUE")
    assert load("inner/cli_load_b.py").VALUE == 7


def test_a_module_is_found_from_where_one_is(folder: Path) -> None:
    package = folder / "cli_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    written(package, "cli_load_c")
    assert find_workflow("cli_package.cli_load_c:written").name == "cli_load_c_recorded"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("cli_load_d.py:written", "cli_load_d_recorded"),
        ("cli_load_d.py:cli_load_d_recorded", "cli_load_d_recorded"),
        ("./cli_load_d.py:cli_load_d_Orders.pay", "cli_load_d_Orders.pay"),
        ("cli_load_d:written", "cli_load_d_recorded"),
        ("cli_load_d.py:cli_load_d:colon", "cli_load_d:colon"),
        ("cli_load_d:cli_load_d:colon", "cli_load_d:colon"),
    ],
)
def test_a_workflow_is_found_by_its_name_or_its_place(folder: Path, target: str, name: str) -> None:
    written(folder, "cli_load_d")
    # One file for all targets: where it lies differs, and a name stands for one place.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("outlast._registry.registry.REGISTRY._workflows", {})
        assert find_workflow(target).name == name


def test_the_only_workflow_need_not_be_named(folder: Path) -> None:
    text = "from outlast import workflow\n@workflow\nasync def cli_alone() -> None: ...\n"
    written(folder, "cli_load_e", text)
    assert find_workflow("cli_load_e.py").name == "cli_alone"


def test_of_several_workflows_one_must_be_named(cli: Cli, folder: Path) -> None:
    written(folder, "cli_load_f")
    answer = cli("run", "cli_load_f.py")
    assert answer.code == 2
    assert "cli_load_f.py has 3 workflows" in answer.err
    assert "cli_load_f_recorded    cli_load_f.py:10" in answer.err


def test_a_misspelt_workflow_is_guessed(cli: Cli, folder: Path) -> None:
    written(folder, "cli_load_g")
    answer = cli("run", "cli_load_g.py:cli_load_g_record")
    assert "hint: Did you mean cli_load_g.py:cli_load_g_recorded?" in answer.err


def test_a_name_with_two_meanings_is_refused(cli: Cli, folder: Path) -> None:
    text = (
        "from outlast import workflow\n"
        "@workflow(name='cli_two')\nasync def cli_one() -> None: ...\n"
        "@workflow(name='cli_one')\nasync def cli_two() -> None: ...\n"
    )
    written(folder, "cli_load_h", text)
    answer = cli("run", "cli_load_h.py:cli_one")
    assert (answer.code, "'cli_one' is ambiguous" in answer.err) == (2, True)


def test_a_step_and_a_function_are_told_from_a_workflow(cli: Cli, folder: Path) -> None:
    text = "from outlast import step\n@step\ndef cli_pay() -> None: ...\ndef cli_plain() -> None: ...\n"
    (folder / "cli_load_s.py").write_text(text)
    answer = cli("run", "cli_load_s.py:cli_pay")
    assert (answer.code, "'cli_pay' of cli_load_s.py is a step" in answer.err) == (2, True)
    assert "return await cli_pay(...)" in answer.err
    answer = cli("start", "cli_load_s.py:cli_plain")
    assert (answer.code, "is a function, not a workflow" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("cli_none.py", "there is no file 'cli_none.py'"),
        ("cli_none.module", "there is no module 'cli_none.module'"),
        (".", "is a folder"),
        ("cli_none.py:", "names no workflow"),
    ],
)
def test_what_is_not_there_is_said(cli: Cli, source: str, said: str) -> None:
    answer = cli("run", source)
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.parametrize("command", ["worker", "serve", "check"])
@pytest.mark.parametrize("whole", ["cli_whole.py", "cli_whole", "./cli_whole.py"])
def test_a_workflow_where_a_file_is_wanted_is_said(
    cli: Cli, folder: Path, command: str, whole: str
) -> None:
    (folder / "cli_whole.py").touch()
    answer = cli(command, f"{whole}:pay")
    assert (answer.code, "names a workflow" in answer.err) == (2, True)
    assert f"Give it whole: {whole}." in answer.err


def test_a_dot_for_a_colon_is_said(cli: Cli, folder: Path) -> None:
    (folder / "cli_dotted.py").touch()
    answer = cli("run", "cli_dotted.pay")
    assert (answer.code, "there is no module 'cli_dotted.pay'" in answer.err) == (2, True)
    assert "cli_dotted:pay" in answer.err


def test_what_lies_in_src_is_to_be_installed(cli: Cli, folder: Path) -> None:
    (folder / "src" / "cli_in_src").mkdir(parents=True)
    (folder / "src" / "cli_in_src" / "flows.py").touch()
    answer = cli("run", "cli_in_src.flows:pay")
    assert (answer.code, "there is no module 'cli_in_src.flows'" in answer.err) == (2, True)
    assert "pip install -e ." in answer.err


def test_a_file_without_workflows_is_said(cli: Cli, folder: Path) -> None:
    (folder / "cli_bare.py").write_text("x = 1")
    for command in ("run", "check"):
        answer = cli(command, "cli_bare.py")
        assert (answer.code, "there is no workflow in cli_bare.py" in answer.err) == (2, True)


@pytest.mark.parametrize("text", ["from .other import x", "from cli_pack.inner.other import x"])
def test_a_file_of_a_package_is_told_to_be_named_as_a_module(
    cli: Cli, folder: Path, text: str
) -> None:
    package = folder / "cli_pack" / "inner"
    package.mkdir(parents=True)
    for place in (package, package.parent):
        (place / "__init__.py").write_text("")
    written(package, "cli_load_r", text)
    answer = cli("check", "cli_pack/inner/cli_load_r.py")
    assert answer.code == 2
    said = " ".join(answer.err.split())
    assert f"give it as the module cli_pack.inner.cli_load_r, from the folder {folder}." in said
    written(package, "cli_load_t", "import cli_not_installed")
    assert "the folder" not in cli("check", "cli_pack/inner/cli_load_t.py").err


def test_an_error_while_importing_shows_the_users_frames_only(cli: Cli, folder: Path) -> None:
    (folder / "cli_broken.py").write_text("def f():\n    return 1 / 0\n\n\nf()\n")
    answer = cli("run", "cli_broken.py:f")
    assert answer.code == 2
    assert "cli_broken.py cannot be imported: ZeroDivisionError: division by zero" in answer.err
    assert answer.err.count('File "') == 2
    assert "cli_broken" not in sys.modules


def test_a_syntax_error_shows_the_line(cli: Cli, folder: Path) -> None:
    (folder / "cli_syntax.py").write_text("def f(:\n")
    assert "def f(:" in cli("check", "cli_syntax.py").err


def test_a_script_that_exits_is_told_where_that_belongs(cli: Cli, folder: Path) -> None:
    (folder / "cli_exits.py").write_text("import sys\nsys.exit(3)\n")
    answer = cli("run", "cli_exits.py:f")
    assert answer.code == 2
    assert '__name__ == "__main__"' in answer.err


def test_a_file_named_like_a_loaded_module_is_refused(folder: Path) -> None:
    (folder / "json.py").write_text("x = 1")
    with pytest.raises(Problem, match="another module has this name"):
        load("json.py")


@pytest.mark.parametrize("name", ["", "cli..flows", "cli."])
def test_what_is_no_name_of_a_module_is_said(cli: Cli, name: str) -> None:
    for command in ("run", "check", "worker"):
        answer = cli(command, name)
        assert answer.code == 2
        assert f"{name!r} cannot be the name of a module" in answer.err
        assert "./flow.py" in answer.err


def test_debug_lets_errors_through(cli: Cli) -> None:
    with pytest.raises(Problem):
        cli("run", "cli_none.py", "--debug")
