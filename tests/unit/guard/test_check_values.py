"""The static check follows sets and paths through the source of a function."""

from pathlib import Path
from types import FunctionType

import pytest

from outlast._registry.check import check_workflow
from tests.unit.guard.conftest import Write

SETS = [
    'for x in {"a", "b"}: pass',
    'for x in set(["a"]): pass',
    'async for x in frozenset("ab"): pass',
    'return [x for x in {"a"}]',
    'return {x: 1 for x in {"a"}}',
    's = set("ab")\n    for x in s: pass',
    "s: set[str] = set()\n    return [x for x in s]",
    'a = {"x"}\n    b = a | {"y"}\n    return list(b)',
    'a = {"x"}.union("y")\n    return tuple(a)',
    'return ",".join({"x"})',
    'return next(iter({"x"}))',
    's = {"x"}\n    return s.pop()',
    's = {"x"}\n    return [*s]',
    "for x in TAGS: pass",
    "for x in tags: pass",
]

ORDERED = [
    'for x in sorted({"a", "b"}): pass',
    'return sorted(x for x in {"a"})',
    'return len({"a"}), "a" in {"a"}, max({"a"})',
    'return any(x for x in {"a"})',
    'return {x for x in {"a"}}',
    "for x in {1, 2, 3}: pass",
    'for x in ["a"]: pass',
    'for x in {"a": 1}: pass',
    's = {"x"}\n    s = sorted(s)\n    for x in s: pass',
    "set = list\n    for x in set('ab'): pass",
    "return [1, 2].pop()",
]

PATHS = [
    ('Path("x").read_text()', "Path.read_text"),
    ('pathlib.Path("x").exists()', "Path.exists"),
    ('(Path("x") / "y").write_text("z")', "Path.write_text"),
    ('("x" / Path("y")).unlink()', "Path.unlink"),
    ('p = Path("x")\n    p.mkdir()', "Path.mkdir"),
    ('p = Path("x").with_suffix(".y").parent\n    p.open()', "Path.open"),
    ("DATA.iterdir()", "Path.iterdir"),
    ('if (p := DATA / "x"): p.stat()', "Path.stat"),
    ("given.is_file()", "Path.is_file"),
    ("Path.home().name", "pathlib.Path.home"),
    ("quoted.rglob('*')", "Path.rglob"),
]


@pytest.mark.parametrize("body", SETS)
def test_iterating_a_set_is_a_warning(write: Write, body: str) -> None:
    flow = _workflow(write, body)
    assert check_workflow(flow) == ()
    (finding,) = check_workflow(flow, warnings=True)
    assert (finding.name, finding.severity) == ("set", "warning")
    assert "sorted(...)" in finding.message


@pytest.mark.parametrize("body", ORDERED)
def test_what_has_an_order_or_needs_none_is_not_found(write: Write, body: str) -> None:
    assert check_workflow(_workflow(write, body), warnings=True) == ()


@pytest.mark.parametrize(("body", "name"), PATHS)
def test_a_path_that_touches_the_file_system_is_an_error(
    write: Write, body: str, name: str
) -> None:
    (finding,) = check_workflow(_workflow(write, body))
    assert (finding.name, finding.severity) == (name, "error")


@pytest.mark.parametrize(
    "body",
    [
        'return Path("a") / "b", Path("a.b").suffix, Path("a").parent.name',
        "return PurePath('a').exists()",
        "return other.exists()",
        "p = Path('x')\n    p = other\n    p.exists()",
    ],
)
def test_pure_paths_and_unknown_things_are_left_alone(write: Write, body: str) -> None:
    assert check_workflow(_workflow(write, body)) == ()


def test_the_place_is_exact_in_an_indented_function(write: Write) -> None:
    module = write(
        """
        from pathlib import Path

        class Flows:
            @staticmethod
            async def flow():
                text = Path("x").read_text()
        """
    )
    (finding,) = check_workflow(module.Flows.flow)
    assert (finding.line, finding.column) == (7, 16)


def test_a_text_that_is_not_indented_does_not_hide_the_rest(write: Write) -> None:
    module = write(
        """
class Flows:
    @staticmethod
    async def flow(path: "not a type at all!"):
        text = \'\'\'
not indented
\'\'\'
        for x in {text}: pass
"""
    )
    (finding,) = check_workflow(module.Flows.flow, warnings=True)
    assert (finding.line, finding.column) == (8, 18)


def test_closures_are_followed() -> None:
    folder, tags = Path("x"), {"a", "b"}

    def flow() -> object:
        return folder.exists(), list(tags), list(later)

    found = check_workflow(flow, warnings=True)
    assert [finding.name for finding in found] == ["Path.exists", "set"]
    later = {"c"}


def test_a_method_that_is_only_guessed_is_warned_about(write: Write) -> None:
    module = write(
        """
        from pathlib import Path
        class Report:
            def save(self): Path("x").touch()
        async def flow(): Report().save()
        """
    )
    (finding,) = check_workflow(module.flow, warnings=True)
    assert (finding.name, finding.severity) == ("Path.touch", "warning")


def test_a_lambda_whose_source_does_not_parse_is_read_from_bytecode(write: Write) -> None:
    module = write('flow = (\n    1, lambda: [open("x"), {"a"}.pop()])[1]')
    found = check_workflow(module.flow, warnings=True)
    assert [finding.name for finding in found] == ["open"]


def _workflow(write: Write, body: str) -> FunctionType:
    module = write(
        "import pathlib\n"
        "from pathlib import Path, PurePath\n"
        'DATA = Path("data")\n'
        'TAGS = {"a", "b"}\n'
        f'async def flow(given: Path, quoted: "pathlib.Path", other, tags: set[str]):\n    {body}\n'
    )
    flow = module.flow
    assert isinstance(flow, FunctionType)
    return flow
