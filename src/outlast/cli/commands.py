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
    ("serve", RUN, "Serve the HTTP API, and the workflows of modules or files."),
    ("list", LOOK, "Find runs."),
    ("show", LOOK, "Show a run: its steps, waits, children and errors on a timeline."),
    ("events", LOOK, "Print the log of a run."),
    ("steps", LOOK, "List the steps of a run, with their attempts and results."),
    ("streams", LOOK, "List the streams of a run."),
    ("tail", LOOK, "Follow a stream of a run."),
    ("hooks", LOOK, "List what waits for the outside, with the tokens."),
    ("workers", LOOK, "List the workers."),
    ("workflows", LOOK, "List the workflows, or show how one goes."),
    ("top", LOOK, "Watch runs, hooks and workers live, in the terminal."),
    ("web", LOOK, "See everything in a browser."),
    ("resume", ACT, "Hand a payload to a hook."),
    ("cancel", ACT, "Ask for runs to be cancelled."),
    ("wake", ACT, "End the sleeps of runs now, and try blocked runs again."),
    ("prune", ACT, "Delete runs that ended long ago."),
    ("settings", MORE, "Print the settings, and where each is set."),
    ("db", MORE, "Look at the schema of the database, or bring it up to date."),
    ("check", MORE, "Check workflows for what replay would do again, or differently."),
    ("explain", MORE, "Print the page about an error."),
    ("demo", MORE, "See a run outlast the death of its worker."),
    ("completion", MORE, "Print the completion script of a shell."),
    ("version", MORE, "Print the version."),
)
"""Name, group and summary. The function `NAME` is in the module `outlast.cli.NAME`."""

SUMMARY: Final = "Durable execution: async functions that outlast crashes, restarts and long waits."


def make_app(chosen: str | None = None) -> App:
    """The command line. Of the `chosen` command the help is what its function's docstring says; the others
    have their summaries, so that they need not be imported."""
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
            f"outlast.cli.{name}:command",
            name=(name, "--version") if name == "version" else name,
            group=group,
            sort_key=order,
            help_format="markdown",
            help_epilogue="Exit codes: see `outlast --help`.",
            **({} if name == chosen else {"help": summary}),
        )
    return app
