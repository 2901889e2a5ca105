"""What the exit codes of the command line mean."""

from enum import IntEnum

from outlast.errors import (
    DefinitionError,
    HookNotFoundError,
    HookPayloadError,
    InvalidArgumentsError,
    InvalidDurationError,
    PayloadError,
    RequestError,
    RunNotFoundError,
    SettingsError,
    WorldError,
)


class Exit(IntEnum):
    """The exit codes. They are promised: scripts may rely on them."""

    OK = 0
    """It went well."""
    FAILED = 1
    """The run failed, was cancelled or is blocked; the check found errors; the proof does not hold."""
    USAGE = 2
    """The command line, the file it names, a setting or an argument cannot be used."""
    NOT_FOUND = 3
    """There is no such run or hook, or no database yet."""
    UNAVAILABLE = 4
    """The world (the database) cannot be used."""
    INTERRUPTED = 130
    """Stopped by Ctrl-C; what was started is kept."""


EXIT_HELP = """\
Exit codes:
  0    fine
  1    the run failed, was cancelled or is blocked; `check` found errors
  2    the command line, a file, an argument or a setting cannot be used
  3    there is no such run or hook, or no database yet
  4    the database cannot be used
  130  stopped by Ctrl-C; what was started is kept"""


def exit_of(error: BaseException) -> Exit:
    """The exit code that tells of an error of the library."""
    match error:
        case RunNotFoundError() | HookNotFoundError():
            return Exit.NOT_FOUND
        case WorldError():
            return Exit.UNAVAILABLE
        case (
            SettingsError()
            | InvalidArgumentsError()
            | InvalidDurationError()
            | PayloadError()
            | HookPayloadError()
            | DefinitionError()
            | RequestError()
        ):
            return Exit.USAGE
        case _:
            return Exit.FAILED
