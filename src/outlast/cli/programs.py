"""Files that are programs: importing them would run them."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from outlast.cli.loading import names_file
from outlast.cli.problem import Problem

_STARTERS: Final = frozenset({"asyncio.run", "anyio.run", "trio.run", "uvloop.run"})


def refuse_program(source: str) -> None:
    """Raise `Problem` for a FILE that starts an event loop at its top level.

    It goes by the words alone, and runs nothing. Modules, and files that cannot be read, are left to
    the import.
    """
    try:
        tree = ast.parse(Path(source).read_bytes()) if names_file(source) else None
    except (OSError, SyntaxError, ValueError):
        return
    line = next(_starts(tree.body), None) if tree is not None else None
    if line is not None:
        raise Problem(
            f"{Path(source).name} is a program: importing it would run it, from line {line} on",
            hint='Put what starts something under: if __name__ == "__main__":',
        )


def _starts(body: Iterable[ast.stmt]) -> Iterator[int]:
    """The lines of statements that start an event loop when the module is imported."""
    for statement in body:
        match statement:
            case ast.Expr(value=ast.Call(func=started)) | ast.Assign(value=ast.Call(func=started)):
                if ast.unparse(started) in _STARTERS:
                    yield statement.lineno
            case ast.Try(body=inner) | ast.With(body=inner):
                yield from _starts(inner)
            case _:
                pass
