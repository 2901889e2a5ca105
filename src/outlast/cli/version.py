"""`outlast version`."""

import platform
from importlib.metadata import version

from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.output import Output


def command(*, common: Common = DEFAULTS) -> int:
    """Print the version of Outlast, of Python, and of the platform."""
    output = Output(common)
    found = {
        "outlast": version("outlast"),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }
    output.document(found)
    output.text("  ".join(f"{name} {text}" for name, text in found.items()))
    return Exit.OK
