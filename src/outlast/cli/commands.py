"""The table of commands. Each is imported when it is used."""

from typing import Final

from cyclopts import App, Group

from outlast.cli.exits import EXIT_HELP

RUN: Final = Group("Run workflows", sort_key=1)
LOOK: Final = Group("Look at runs", sort_key=2)
ACT: Final = Group("Act on runs", sort_key=3)
MORE: Final = Group("More", sort_key=4)

COMMANDS: Final = (
    ("run", RUN, "Start a run, follow it, and print its result."),
    ("start", RUN, "Start a run and leave it to a worker."),
    ("worker", RUN, "Serve the workflows of modules or files."),
    ("list", LOOK, "List runs, newest first."),
    ("show", LOOK, "Show a run: its steps, waits, children and errors on a timeline."),
    ("events", LOOK, "Print the log of a run."),
    ("workers", LOOK, "List the workers."),
    ("cancel", ACT, "Ask for runs to be cancelled."),
    ("wake", ACT, "End the sleeps of runs now, and try blocked runs again."),
    ("check", MORE, "Check workflows for what replay would do again, or differently."),
    ("demo", MORE, "See a run outlast the death of its worker."),
    ("completion", MORE, "Print the completion script of a shell."),
    ("version", MORE, "Print the version."),
)
"""Name, group and summary. The function `NAME` is in the module `outlast.cli.NAME`."""

SUMMARY: Final = "Durable execution: async functions that outlast crashes, restarts and long waits."


def make_app() -> App:
    """The command line."""
    app = App(
        name="outlast",
        help=SUMMARY,
        help_format="plaintext",
        help_epilogue=EXIT_HELP,
        version_flags=(),
    )
    app["--help"].group = MORE
    for order, (name, group, summary) in enumerate(COMMANDS):
        app.command(
            f"outlast.cli.{name}:command", name=name, group=group, help=summary, sort_key=order
        )
    return app
