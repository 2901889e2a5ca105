"""The coding agent: an agent of Pydantic AI with `ChatDurable`, and its tools.

Each call of a tool is a step. What one step tells the next is the id of a sandbox, and no more: an attempt attaches to it
anew, in whichever process it is.
"""

import hashlib
import shlex
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import Field
from pydantic_ai import Agent, ApprovalRequired, ModelRetry, RunContext

from examples.coding_agent.models import choose_code
from examples.coding_agent.sandbox import (
    LimitExceededError,
    PathRefusedError,
    Sandbox,
    SandboxMissingError,
)
from examples.coding_agent.settings import sandboxes
from outlast import now, run_info, set_attributes, sleep, step, step_info
from outlast.agents import in_workflow, tool_step, ui

INSTRUCTIONS: Final = """\
You make small web apps: static files, plain JavaScript, no network and no libraries from elsewhere.
Work in this order: create_sandbox once, write_files, check your work with run_command, preview_url. When the user asks for
a change, use the sandbox that you have. Removing files needs a person's approval, which run_command asks for by itself.
Use sleep when you are asked to wait. Answer in a few sentences."""
REMOVES: Final = frozenset({"rm", "rmdir", "unlink", "shred", "truncate", "-delete"})
"""Words in a command for which a person is asked: what they remove, nothing brings back. It is a courtesy to whoever
has made the files, and no protection; that is the sandbox."""
LONGEST_SLEEP: Final = 30 * 24 * 3600


@dataclass(frozen=True)
class Chat:
    """What the tools know of the conversation."""

    reply: str
    """The message that is being written."""


CHOICE: Final = choose_code()
coder: Final = Agent(
    CHOICE.model,
    name="coder",
    deps_type=Chat,
    instructions=INSTRUCTIONS,
    capabilities=[ui.ChatDurable()],
)


@coder.tool(metadata=tool_step(retries=1, timeout="30s"))
async def create_sandbox(ctx: RunContext[Chat]) -> dict[str, Any]:
    """Make a sandbox: an empty folder, in which commands run without a network and within limits."""
    name = f"{sandboxes_of(run_info().id)}-{_digest(step_info().id)}"  # the same in each attempt
    sandbox = sandboxes().create(name)
    await set_attributes({"sandbox": sandbox.id})
    await _show(ctx, ui.Data(name="sandbox", data={"id": sandbox.id}))
    return {"sandbox": sandbox.id, "limits": sandboxes().limits.described()}


@coder.tool(metadata=tool_step(retries=1, timeout="30s"))
async def write_files(
    ctx: RunContext[Chat], sandbox: str, files: Annotated[dict[str, str], Field(min_length=1)]
) -> dict[str, Any]:
    """Write text files into the sandbox. Files that are there are replaced.

    Args:
        ctx: The context.
        sandbox: Its id.
        files: The text of each file, by its path in the sandbox, such as "index.html".
    """
    with _told_to_the_model():
        attached(sandbox).write(files)
    paths = sorted(files)
    await _show(ctx, ui.Data(name="files", data={"sandbox": sandbox, "paths": paths}))
    return {"written": paths}


@coder.tool(metadata=tool_step(retries=1, timeout="2 minutes"))
async def run_command(ctx: RunContext[Chat], sandbox: str, command: str) -> dict[str, Any]:
    """Execute a command of the shell in the sandbox, and give what it prints and its exit status.

    Args:
        ctx: The context.
        sandbox: Its id.
        command: Such as "sh check.sh".
    """
    if removes(command) and not ctx.tool_call_approved:
        raise ApprovalRequired

    async def tell(text: str, exit_status: int | None = None) -> None:
        done = exit_status is not None
        data = {"text": text, "done": done, "exit": exit_status}
        await _show(ctx, ui.Data(name="output", id=ctx.tool_call_id, data=data))

    with _told_to_the_model():
        place = attached(sandbox)
    await tell("")
    finished = await place.run(command, tell)
    text = finished.text if finished.killed is None else f"{finished.text}\n[{finished.killed}]"
    await tell(text, finished.exit)
    return {"exit": finished.exit, "output": finished.text, "ended_by_limit": finished.killed}


@coder.tool(metadata=tool_step(retries=1, timeout="30s"))
async def preview_url(
    ctx: RunContext[Chat], sandbox: str, path: str = "index.html"
) -> dict[str, str]:
    """Show a page of the sandbox to the user, and give its address.

    Args:
        ctx: The context.
        sandbox: Its id.
        path: The page.
    """
    with _told_to_the_model():
        attached(sandbox).read(path)
    url = f"/preview/{sandbox}/{path}"
    await _show(ctx, ui.Data(name="preview", data={"url": url}))
    return {"url": url}


@coder.tool(name="sleep", metadata=in_workflow())
async def sleep_for(
    ctx: RunContext[Chat],
    seconds: Annotated[float, Field(gt=0, le=LONGEST_SLEEP)],
    reason: str = "",
) -> str:
    """Wait before going on. Nothing runs meanwhile; it may be for weeks.

    Args:
        ctx: The context.
        seconds: How long.
        reason: What for, in a few words.
    """
    until = (now() + timedelta(seconds=seconds)).isoformat()
    shown = {"until": until, "reason": reason, "over": False}
    await show_sleep(ctx.deps.reply, ctx.tool_call_id or "", shown)
    await set_attributes({"state": "sleeping"})
    await sleep(seconds)
    await set_attributes({"state": "answering"})
    await show_sleep(ctx.deps.reply, ctx.tool_call_id or "", {**shown, "over": True})
    return "You are awake again."


@coder.tool(requires_approval=True)
async def ask_for_approval(ctx: RunContext[Chat], question: str) -> str:
    """Ask the user for approval before doing what cannot be taken back, and wait for the answer.

    Args:
        ctx: The context.
        question: What to approve, in full.
    """
    return "Approved."


@step(name="coding_agent.show_sleep")
async def show_sleep(reply: str, call: str, shown: dict[str, Any]) -> None:
    """Tell the page of a sleep."""
    async with ui.message(reply) as out:
        await out.write(ui.Data(name="sleep", id=call, data=shown))


def removes(command: str) -> bool:
    """Whether a command looks as if it removes files."""
    try:
        words = shlex.split(command, comments=False)
    except ValueError:
        words = command.split()
    return any(word.strip("();|&").rpartition("/")[2] in REMOVES for word in words)


def sandboxes_of(run_id: str) -> str:
    """How the ids of the sandboxes of a chat begin."""
    return f"app-{_digest(run_id)}"


def attached(sandbox: str) -> Sandbox:
    """A sandbox of this chat: a model that is told the id of another chat's gets no further."""
    if not sandbox.startswith(f"{sandboxes_of(run_info().id)}-"):
        raise SandboxMissingError(sandbox)
    return sandboxes().attach(sandbox)


@contextmanager
def _told_to_the_model() -> Generator[None]:
    """What is wrong with its arguments, the model can put right."""
    try:
        yield
    except (SandboxMissingError, PathRefusedError, LimitExceededError) as error:
        raise ModelRetry(str(error)) from error


async def _show(ctx: RunContext[Chat], data: ui.Data) -> None:
    async with ui.message(ctx.deps.reply) as out:
        await out.write(data)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()
