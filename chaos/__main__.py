"""`python -m chaos`: play, check, tell. Ends with 1 if a law was broken, with 2 if there was nothing to play on."""

import argparse
import asyncio
import shutil
import sys
import time
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec

from chaos.checker import check
from chaos.faults import WEIGHTS
from chaos.plants import PLANTS
from chaos.play import NotEmptyError, Options, play
from chaos.report import told, write_report

BEGAN: Final = time.monotonic()
SCRATCH: Final = Path(__file__).parent.parent / "build" / "chaos"


def main() -> int:
    """Play what is asked for."""
    arguments = _arguments()
    given = {name: getattr(arguments, name) for name in Options.__struct_fields__}
    options = msgspec.convert(given, Options)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(dir=SCRATCH))
    try:
        played = asyncio.run(play(options, folder, _tell))
    except NotEmptyError as error:
        print(f"there are runs in {error}: name an empty world", file=sys.stderr)
        return 2
    _tell("checking the laws")
    found = sorted([*check(played.evidence), *played.problems])
    print(told(options, played, found))
    if found or arguments.keep:
        print(f"the logs of the workers, and what they witnessed: {folder}")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    if arguments.report:
        write_report(options, played, found)
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    given = Options()
    parser.add_argument(
        "--world",
        default=given.world,
        help="postgres (a server of our own), sqlite, or the URL of an empty world (%(default)s)",
    )
    parser.add_argument("--seed", type=int, default=given.seed, help="%(default)s")
    parser.add_argument("--runs", type=int, default=given.runs, help="to start (%(default)s)")
    parser.add_argument("--faults", type=int, default=given.faults, help="%(default)s")
    parser.add_argument(
        "--seconds", type=float, default=given.seconds, help="in which they come (%(default)s)"
    )
    parser.add_argument(
        "--settle", type=float, default=given.settle, help="seconds to finish in (%(default)s)"
    )
    parser.add_argument("--workers", type=int, default=given.workers, help="%(default)s")
    parser.add_argument("--lease", type=float, default=given.lease, help="seconds (%(default)s)")
    parser.add_argument(
        "--kinds",
        nargs="*",
        default=(),
        choices=sorted(WEIGHTS),
        help="only faults of these kinds (all that the world can have)",
    )
    parser.add_argument(
        "--plant", choices=sorted(PLANTS), help="a rule that the workers break, to see it found"
    )
    parser.add_argument("--report", action="store_true", help="write it into the report")
    parser.add_argument("--keep", action="store_true", help="keep the folder in any case")
    return parser.parse_args()


def _tell(text: str) -> None:
    print(f"{time.monotonic() - BEGAN:7.1f} s  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
