"""What a command in a sandbox can do, and what it cannot: tried for real."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from examples.coding_agent.sandbox import (
    BubblewrapSandboxes,
    Finished,
    Limits,
    SandboxMissingError,
    SandboxUnavailableError,
)
from tests.house.checkout import ROOT


def execute(sandboxes: BubblewrapSandboxes, command: str, *, within: float = 30) -> Finished:
    sandbox = sandboxes.create("app-1")
    return asyncio.run(asyncio.wait_for(sandbox.run(command), within))


def with_limits(sandboxes: BubblewrapSandboxes, limits: Limits) -> BubblewrapSandboxes:
    return BubblewrapSandboxes(sandboxes.root, limits)


def test_a_command_works_in_its_folder(sandboxes: BubblewrapSandboxes) -> None:
    sandboxes.create("app-1").write({"a/in.txt": "hello"})
    done = execute(sandboxes, "cat a/in.txt; echo; pwd; echo new > out.txt; echo no >&2; exit 3")
    assert (done.exit, done.text, done.killed) == (3, "hello\n/work\nno\n", None)
    again = sandboxes.attach("app-1")
    assert again.read("out.txt") == b"new\n"


def test_of_the_machine_it_sees_the_programs_only(sandboxes: BubblewrapSandboxes) -> None:
    done = execute(sandboxes, "ls /; ls /etc; ls /proc | grep -c '^[0-9]'; id -u; env | sort")
    seen = done.text.split()
    assert "usr" in seen
    assert not {"home", "root", "passwd", "shadow", "var"} & set(seen)
    assert "0" not in seen  # not root
    assert not any(one.startswith("CODING_AGENT") or "KEY" in one for one in seen)


PLACES = ("/x", "/usr/x", "/etc/x", "/dev/x", "/dev/shm/x", "/proc/x")  # noqa: S108 - of the sandbox


@pytest.mark.parametrize("place", PLACES)
def test_it_writes_to_its_folder_only(sandboxes: BubblewrapSandboxes, place: str) -> None:
    assert execute(sandboxes, f"echo x > {place}").exit != 0


def test_it_has_no_network(sandboxes: BubblewrapSandboxes) -> None:
    done = execute(sandboxes, "cat /proc/net/dev | grep -v lo: | grep -c ':'")
    assert done.text.strip() == "0"


def test_it_has_no_privileges(sandboxes: BubblewrapSandboxes) -> None:
    done = execute(
        sandboxes,
        "grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status; unshare -Ur id; unshare -Urm true && echo inside; mount -t tmpfs x /tmp",
    )
    assert done.exit != 0
    assert "CapEff:\t0000000000000000" in done.text
    assert "NoNewPrivs:\t1" in done.text
    assert "uid=0" not in done.text
    assert "inside" not in done.text


def test_a_link_to_outside_leads_nowhere(sandboxes: BubblewrapSandboxes, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    done = execute(sandboxes, f"ln -s {secret} link; cat link; cat ~/../..{secret}")
    assert done.exit != 0
    assert "secret\n" not in done.text
    with pytest.raises(Exception, match="cannot be used"):
        sandboxes.attach("app-1").read("link")


def test_the_clock_ends_it_and_all_it_has_started(sandboxes: BubblewrapSandboxes) -> None:
    short = with_limits(sandboxes, Limits(seconds=0.5))
    done = execute(short, "echo begun; setsid sleep 86399 & nohup sleep 86399 & sleep 86399")
    assert (done.exit, done.text, done.killed) == (137, "begun\n", "time: more than 0.5 s")
    assert processes("86399") == []


def test_what_is_left_behind_is_ended(sandboxes: BubblewrapSandboxes) -> None:
    assert execute(sandboxes, "setsid sleep 86398 > /dev/null 2>&1 & true").exit == 0
    assert processes("86398") == []


def test_a_fork_bomb_is_bounded(sandboxes: BubblewrapSandboxes) -> None:
    few = with_limits(sandboxes, Limits(seconds=1.0, processes=20))
    done = execute(
        few, "bomb() { bomb | bomb & }; bomb; sleep 0.3; ls /proc | grep -c '^[0-9]'; sleep 9"
    )
    assert "Cannot fork" in done.text or "Resource temporarily unavailable" in done.text


def test_memory_of_one_process(sandboxes: BubblewrapSandboxes) -> None:
    done = execute(sandboxes, "head -c 400000000 /dev/zero | tail -c 300000000 | wc -c")
    assert "memory" in f"{done.text} {done.killed}"


def test_memory_of_all_processes(sandboxes: BubblewrapSandboxes) -> None:
    hold = "(head -c 120000000 /dev/zero | tail -c 110000000 | (sleep 30; cat > /dev/null)) &"
    done = execute(sandboxes, f"{hold} {hold} {hold} wait")
    assert done.killed == "memory: more than 200 MB"


def test_cpu_of_all_processes(sandboxes: BubblewrapSandboxes) -> None:
    little = with_limits(sandboxes, Limits(cpu_seconds=1))
    # Each alone would be ended by the kernel; their sum is above the limit before that.
    done = execute(little, "spin() { while :; do :; done; }; spin & spin & spin & wait")
    assert done.killed == "CPU: more than 1 s"


def test_a_file_is_bounded(sandboxes: BubblewrapSandboxes) -> None:
    execute(sandboxes, "head -c 20000000 /dev/zero > large")
    assert [one.size for one in sandboxes.attach("app-1").files()] == [8_000_000]


def test_all_files_are_bounded_and_can_be_removed(sandboxes: BubblewrapSandboxes) -> None:
    fill = "n=0; while :; do n=$((n+1)); head -c 2000000 /dev/zero > f$n; sleep 0.01; done"
    done = execute(sandboxes, fill)
    assert done.killed == "disk: more than 32 MB in all files"
    held = sum(one.size for one in sandboxes.attach("app-1").files())
    assert held < 4 * 32_000_000
    assert execute(sandboxes, "rm f*").exit == 0
    assert sandboxes.attach("app-1").files() == []


def test_the_number_of_files_is_bounded(sandboxes: BubblewrapSandboxes) -> None:
    few = with_limits(sandboxes, Limits(files=50))
    done = execute(few, "n=0; while :; do n=$((n+1)); mkdir d$n; sleep 0.001; done")
    assert done.killed == "disk: more than 50 files"


def test_the_depth_of_folders_is_bounded(sandboxes: BubblewrapSandboxes) -> None:
    dig = "while mkdir d && cd d; do :; done"
    done = execute(sandboxes, dig)
    assert done.killed == "disk: folders more than 50 deep"
    assert sandboxes.attach("app-1").files() == []
    assert execute(sandboxes, "echo x > file").killed is None  # what was too deep is gone
    sandboxes.remove("app-1")
    assert sandboxes.ids() == []


def test_what_was_made_unreadable_is_removed(
    sandboxes: BubblewrapSandboxes, tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    assert execute(sandboxes, f"mkdir -p a/b; ln -s {tmp_path}/kept a/b/link; chmod 0 a").exit == 0
    sandboxes.create("app-2")
    sandboxes.remove("app-1")
    assert sandboxes.ids() == ["app-2"]
    assert (tmp_path / "kept").is_dir()
    with pytest.raises(SandboxMissingError):
        sandboxes.remove("../kept")


def test_temporary_files_are_bounded(sandboxes: BubblewrapSandboxes) -> None:
    fill = "for n in 1 2 3; do head -c 7000000 /dev/zero > /tmp/$n; done; du -s /tmp | cut -f1"
    done = execute(sandboxes, fill)
    assert "No space left" in done.text
    assert int(done.text.split()[-1]) <= 16_000


def test_endless_output_is_cut_in_the_middle(sandboxes: BubblewrapSandboxes) -> None:
    short = with_limits(sandboxes, Limits(seconds=1.0, output=1_000))
    done = execute(short, "echo begin; yes")
    assert done.killed == "time: more than 1 s"
    assert done.text.startswith("begin\n")
    assert "bytes left out" in done.text
    assert len(done.text) < 1_100


def test_output_is_told_while_it_comes(sandboxes: BubblewrapSandboxes) -> None:
    told: list[str] = []

    async def main() -> None:
        sandbox = sandboxes.create("app-1")

        async def tell(text: str) -> None:
            told.append(text)
            sandbox.write({f"told-{len(told)}": "x"})

        script = "echo one; until [ -e told-1 ]; do sleep 0.01; done; echo two; until [ -e told-2 ]; do sleep 0.01; done"
        done = await sandbox.run(script, tell)
        assert done.text == "one\ntwo\n"

    asyncio.run(asyncio.wait_for(main(), 30))
    assert told == ["one\n", "one\ntwo\n"]


def test_who_is_cancelled_leaves_nothing(sandboxes: BubblewrapSandboxes) -> None:
    async def main() -> None:
        sandbox = sandboxes.create("app-1")
        running = asyncio.ensure_future(sandbox.run("echo > begun; sleep 86397"))
        while not any(one.path == "begun" for one in sandbox.files()):
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(asyncio.wait_for(main(), 30))
    assert processes("86397") == []


def test_it_dies_with_who_has_started_it(sandboxes: BubblewrapSandboxes) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from examples.coding_agent.sandbox import BubblewrapSandboxes\n"
        "sandbox = BubblewrapSandboxes(pathlib.Path(sys.argv[1])).create('app-1')\n"
        "asyncio.run(sandbox.run('echo > begun; sleep 86396'))\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(sandboxes.root)], cwd=ROOT)
    sandbox = sandboxes.create("app-1")

    async def until(fact: bool) -> None:
        while bool(sandbox.files() if fact else processes("86396")) != fact:
            await asyncio.sleep(0.02)

    try:
        asyncio.run(asyncio.wait_for(until(True), 30))
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    asyncio.run(asyncio.wait_for(until(False), 30))


def test_an_id_that_is_none(sandboxes: BubblewrapSandboxes) -> None:
    for name in ("app-2", "../app-1", "", "a/b"):
        with pytest.raises(SandboxMissingError):
            sandboxes.attach(name)


def test_without_bubblewrap_nothing_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sandboxes = BubblewrapSandboxes(tmp_path / "sandboxes")
    with pytest.raises(SandboxUnavailableError, match="apt-get install bubblewrap"):
        sandboxes.create("app-1")


def processes(word: str) -> list[str]:
    """The commands of this machine's processes that have a word."""
    found: list[str] = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = one.read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words and b"sleep" in words:
            found.append(b" ".join(words).decode(errors="replace"))
    return found
