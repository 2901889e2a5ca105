"""The page of `examples/coding_agent`.

python -m tools.agent_page     build it anew into the example's `static`
"""

from typing import Final

from tools.node import ROOT, Packages, Page

_EXAMPLE: Final = ROOT / "examples" / "coding_agent"

PAGE: Final = Page(
    Packages(_EXAMPLE / "web", ROOT / ".venv" / "agent-page", ("--legacy-peer-deps",)),
    built=_EXAMPLE / "static",
    copied=("src", "style", "build.mjs", "index.html", "tsconfig.json"),
    builder=("build.mjs", "{out}"),
)

if __name__ == "__main__":
    PAGE.renew()
