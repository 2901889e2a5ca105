"""The web UI.

python -m tools.web_page     build it anew into `src/outlast/web/static`
"""

from typing import Final

from tools.node import ROOT, Packages, Page

PAGE: Final = Page(
    Packages(ROOT / "web", ROOT / ".venv" / "web-page"),
    built=ROOT / "src" / "outlast" / "web" / "static",
    copied=("src", "style", "index.html", "tsconfig.json", "vite.config.ts"),
    builder=("node_modules/vite/bin/vite.js", "build", "--outDir", "{out}", "--emptyOutDir"),
)

if __name__ == "__main__":
    PAGE.renew()
