"""`main`: run a command and turn what comes of it into an exit code.

The command line is made with cyclopts, for its lazy commands: `outlast --help` imports none of them
(docs/adr/0011). Commands are coroutine functions that return an exit code.
"""

import os
import sys
from collections.abc import Sequence

from cyclopts import CycloptsError

from outlast.cli.commands import make_app
from outlast.cli.exits import Exit, exit_of
from outlast.cli.problem import Problem
from outlast.cli.render_error import print_error, view_of
from outlast.errors import OutlastError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; `sys.argv` by default. Gives the exit code, see `Exit`.

    Errors of the library, and of the command line, are printed on standard error, never raised; with
    `--debug` they are raised as they are.
    """
    tokens = list(sys.argv[1:] if argv is None else argv)
    flags = tokens[: tokens.index("--")] if "--" in tokens else tokens
    try:
        return _run(tokens)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has gone: `outlast list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except (OutlastError, Problem, CycloptsError) as error:
        if "--debug" in flags:
            raise
        print_error(view_of(error), json="--json" in flags)
        return _exit_code(error)


def _run(tokens: list[str]) -> int:
    ordered = _command_first(tokens)
    answer = make_app(ordered[0] if ordered else None)(
        ordered, exit_on_error=False, print_error=False, result_action="return_value"
    )
    return answer if isinstance(answer, int) else Exit.OK


def _command_first(tokens: list[str]) -> list[str]:
    """The options of every command may also stand before the command: `outlast --json list`."""
    leading: list[str] = []
    rest = list(tokens)
    while rest and (rest[0] in ("--json", "--debug") or rest[0].split("=")[0] == "--url"):
        leading.append(rest.pop(0))
        if leading[-1] == "--url" and rest:
            leading.append(rest.pop(0))
    return [*rest[:1], *leading, *rest[1:]]


def _exit_code(error: Exception) -> Exit:
    match error:
        case Problem(exit_code=code):
            return code
        case CycloptsError():
            return Exit.USAGE
        case _:
            return exit_of(error)
