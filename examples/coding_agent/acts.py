"""The acts of the script: what it answers to which words, stage by stage."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeAlias


@dataclass(frozen=True)
class Scene:
    """Where the conversation is."""

    prompt: str
    """What the user has said last."""
    stage: int
    """How many answers the model has given since."""
    turn: int
    """How often the user has said something."""
    results: tuple[tuple[str, Any], ...] = ()
    """What tools have given since, each with its name."""
    sandbox: str | None = None
    """The sandbox that was made last."""


@dataclass(frozen=True)
class Say:
    """A text."""

    text: str


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    tool: str
    arguments: Mapping[str, Any]


Stage: TypeAlias = Sequence[Say | Call]
"""One answer of the model."""
Act: TypeAlias = Callable[[Scene], Stage]

APPS: Final = Path(__file__).with_name("apps")
HELP: Final = (
    "I am a script, not a language model, and know a few things only. Ask me to **make a stopwatch** or **make a todo "
    "list**; then to **wait 20 seconds and check it**, to **run** a command, as in `run ls -la`, or to **clean up**, for "
    "which I need your approval. With a model of yours (`CODING_AGENT_MODEL=openai:gpt-5` and its key) you can ask for "
    "anything."
)


def next_stage(scene: Scene) -> Stage:
    """What the script answers now."""
    said = scene.prompt.lower()
    for pattern, act in _ACTS:
        if re.search(pattern, said):
            return act(scene)
    return (Say(HELP),)


def make_app(scene: Scene) -> Stage:
    """A sandbox, files, a check with live output, a preview."""
    name = "todo" if re.search(r"to-?do|list|task", scene.prompt.lower()) else "stopwatch"
    here = {"sandbox": scene.sandbox}
    match scene.stage:
        case 0:
            return (
                Say(
                    f"I make you a {name}: first a sandbox, a room of its own without a network.\n"
                ),
                Call("create_sandbox", {}),
            )
        case 1:
            return (
                Say("Now the files.\n"),
                Call("write_files", {**here, "files": _files_of(name)}),
            )
        case 2:
            return (
                Say("Let me check them, one after the other.\n"),
                Call("run_command", {**here, "command": "sh check.sh"}),
            )
        case 3 if _failed(scene):
            return (Say("The check has not passed, so I stop here: its output says why."),)
        case 3:
            return (
                Say("All is well. Here it comes.\n"),
                Call("preview_url", {**here, "path": "index.html"}),
            )
        case _:
            return (
                Say(
                    f"Your {name} is at the side. Try it, reload the page, or kill the server: it is all still there.\n\n"
                    "Next you could ask me to *wait 20 seconds and check it*, or to *clean up*."
                ),
            )


def wait_and_check(scene: Scene) -> Stage:
    """Sleep, and look at the files again."""
    seconds = _seconds(scene.prompt)
    match scene.stage:
        case 0:
            reason = "you have asked me to wait"
            return (
                Say(f"I sleep for {_in_words(seconds)}. No process needs to live meanwhile.\n"),
                Call("sleep", {"seconds": seconds, "reason": reason}),
            )
        case 1 if scene.sandbox is not None:
            return (
                Say("I am awake again, and look after the files.\n"),
                Call("run_command", {"sandbox": scene.sandbox, "command": "ls -la && sh check.sh"}),
            )
        case 1:
            return (Say("I am awake again. There is no app yet that I could check."),)
        case _ if _failed(scene):
            return (Say("The check has not passed: its output says why."),)
        case _:
            return (Say("Everything is where it was."),)


def wait_and_make(scene: Scene) -> Stage:
    """Sleep, and make the app then."""
    return (
        wait_and_check(scene)
        if scene.stage == 0
        else make_app(replace(scene, stage=scene.stage - 1))
    )


def clean_up(scene: Scene) -> Stage:
    """Remove all files, if a person approves."""
    if scene.sandbox is None:
        return (Say("There is nothing to clean up yet."),)
    command = {"sandbox": scene.sandbox, "command": "rm -rv ./*"}
    match scene.stage:
        case 0:
            return (
                Say("That removes all files of the app, so I need your approval.\n"),
                Call("run_command", command),
            )
        case _ if scene.results and scene.results[-1][1] == "denied":
            return (Say("Then I leave everything as it is."),)
        case _:
            return (Say("The files are gone. Ask me for another app at any time."),)


def publish(scene: Scene) -> Stage:
    """Ask for approval, and say honestly that nothing is published."""
    match scene.stage:
        case 0:
            return (
                Call("ask_for_approval", {"question": "Publish the app for everybody to see?"}),
            )
        case _ if scene.results and scene.results[-1][1] == "denied":
            return (Say("I have not published it."),)
        case _:
            return (
                Say(
                    "You have approved. This is a demo: there is no place to publish it, so it stays here."
                ),
            )


def run(scene: Scene) -> Stage:
    """A command of the user's."""
    command = re.sub(r"^.*?\brun\b[\s:]*", "", scene.prompt, flags=re.IGNORECASE).strip(" `")
    match scene.stage:
        case 0 if scene.sandbox is None:
            return (Call("create_sandbox", {}),)
        case 0 | 1 if not any(name == "run_command" for name, _ in scene.results):
            return (
                Call("run_command", {"sandbox": scene.sandbox, "command": command or "ls -la"}),
            )
        case _:
            return (Say("That was its output."),)


_ACTS: Final[tuple[tuple[str, Act], ...]] = (
    (r"\brun\b", run),
    (r"\b(clean|delete|remove)\b", clean_up),
    (r"\b(publish|deploy|release)\b", publish),
    (r"\b(wait|sleep|pause)\b.*\b(build|create|make|write)\b", wait_and_make),
    (r"\b(wait|sleep|pause)\b", wait_and_check),
    (r"\b(app|build|create|make|stopwatch|timer|to-?do|write)\b", make_app),
)


def _files_of(name: str) -> dict[str, str]:
    folders = (APPS / "common", APPS / name)
    return {
        file.name: file.read_text(encoding="utf-8")
        for folder in folders
        for file in sorted(folder.iterdir())
        if file.is_file()
    }


def _failed(scene: Scene) -> bool:
    checks = [result for name, result in scene.results if name == "run_command"]
    return bool(checks) and "exit" in checks[-1] and checks[-1]["exit"] != 0


def _in_words(seconds: int) -> str:
    units = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
    size, name = next(one for one in units if seconds % one[0] == 0)
    count = seconds // size
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _seconds(prompt: str) -> int:
    found = re.search(r"(\d+)\s*(s|sec|second|m|min|minute|h|hour|d|day)?", prompt.lower())
    if found is None:
        return 20
    unit = (found[2] or "s")[0]
    return max(1, int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit])
