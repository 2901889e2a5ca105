"""What only an extra of the distribution brings: where it is missing, the command says what to install."""

from collections.abc import Generator
from contextlib import contextmanager

from outlast.cli.problem import Problem


@contextmanager
def extra(name: str, use: str) -> Generator[None]:
    """Around imports of what this extra brings. `use` says what for: "which `outlast serve` needs".

    Raises `Problem` if it is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        hint = f'Install what it needs: pip install "outlast[{name}]"'
        raise Problem(f"there is no {error.name}, {use}", hint=hint) from error
