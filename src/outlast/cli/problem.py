"""What a command has to say when it cannot do what it was asked for."""

from outlast.cli.exits import Exit


class Problem(Exception):  # noqa: N818 - not an error of the library: how a command says no
    """Ends a command with a message for people instead of a traceback.

    `details` are lines to show as they are, below the message: a list, an excerpt, a traceback. With
    `see_help` the command's own help is named, too. `kind` is for scripts, as the slug of an error is.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        details: str | None = None,
        exit_code: Exit = Exit.USAGE,
        see_help: bool = False,
        kind: str = "usage",
    ) -> None:
        super().__init__(message)
        self.message, self.hint, self.details, self.exit_code = message, hint, details, exit_code
        self.see_help, self.kind = see_help, kind
