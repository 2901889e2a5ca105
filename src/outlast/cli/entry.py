"""`main`: run a command and turn what comes of it into an exit code.

The command line is made with cyclopts, for its lazy commands: `outlast --help` imports none of them
(docs/adr/0011), nor anything else that takes a while. Commands are coroutine functions that return an exit code.
"""

import inspect
import sys
from collections.abc import Coroutine, Sequence
from typing import Any

from cyclopts import CycloptsError

from outlast.cli.commands import COMMANDS, make_app
from outlast.cli.exits import Exit, exit_of
from outlast.cli.interrupts import nothing_begun
from outlast.cli.problem import Problem
from outlast.cli.standard import forget, settle, unwritten
from outlast.errors import OutlastError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; `sys.argv` by default. Gives the exit code, see `Exit`.

    Errors of the library, and of the command line, are printed on standard error, never raised; with
    `--debug` they are raised as they are.
    """
    tokens = list(sys.argv[1:] if argv is None else argv)
    flags = tokens[: tokens.index("--")] if "--" in tokens else tokens
    settle(json="--json" in flags)
    try:
        _check_texts(tokens)
        code = _run(tokens)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except (BrokenPipeError, SystemExit) as error:
        return _left(error)
    except (OutlastError, Problem, CycloptsError) as error:
        if "--debug" in flags:
            raise
        _print(error, _command(tokens), json="--json" in flags)
        return _exit_code(error)
    except OSError as error:
        problem = unwritten(error)
        _print(problem, _command(tokens), json="--json" in flags)
        return problem.exit_code
    return code


def _check_texts(tokens: list[str]) -> None:
    """What is no UTF-8 comes with half characters, which can be looked for nowhere, kept nowhere, and not printed."""
    for token in tokens:
        if any("\ud800" <= character <= "\udfff" for character in token):
            raise Problem(
                f"the argument {token!a} is not UTF-8",
                hint="Write it in UTF-8, or rename the file that it names.",
            )


def _run(tokens: list[str]) -> int:
    ordered = _command_first(tokens)
    with nothing_begun():
        app = make_app(ordered[0] if ordered else None)
        command, bound, _ = app.parse_args(ordered, exit_on_error=False, print_error=False)
    answer = command(*bound.args, **bound.kwargs)
    if inspect.iscoroutine(answer):
        answer = _finished(answer)
    return answer if isinstance(answer, int) else Exit.OK


def _finished(command: Coroutine[Any, Any, Any]) -> Any:
    import asyncio  # the slowest import of all, which neither help nor what is refused at once needs

    return asyncio.run(command)


def _print(error: Exception, command: str | None, *, json: bool) -> None:
    from outlast.cli.render_error import print_error, view_of  # only where there is an error

    print_error(view_of(error, command), json=json)


def _command(tokens: list[str]) -> str | None:
    """The name of the command, if it is one."""
    first = next(iter(_command_first(tokens)), None)
    return first if first in {name for name, *_ in COMMANDS} else None


def _command_first(tokens: list[str]) -> list[str]:
    """The options of every command may also stand before the command: `outlast --json list`."""
    leading: list[str] = []
    rest = list(tokens)
    while rest and (rest[0] in ("--json", "--debug") or rest[0].split("=")[0] == "--url"):
        leading.append(rest.pop(0))
        if leading[-1] == "--url" and rest:
            leading.append(rest.pop(0))
    return [*rest[:1], *leading, *rest[1:]]


def _left(error: BrokenPipeError | SystemExit) -> int:
    """The reader of a pipe has gone: `outlast list | head`. rich makes an exit of it.

    Raises the error again if it is another exit.
    """
    if not isinstance(error.__context__, BrokenPipeError) and isinstance(error, SystemExit):
        raise error
    forget()
    return Exit.OK


def _exit_code(error: Exception) -> Exit:
    match error:
        case Problem(exit_code=code):
            return code
        case CycloptsError():
            return Exit.USAGE
        case _:
            return exit_of(error)
