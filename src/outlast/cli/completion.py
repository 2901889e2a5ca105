"""`outlast completion`: scripts that let a shell complete."""

from typing import Literal

from outlast.cli.commands import make_app
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.output import Output


def command(shell: Literal["bash", "zsh", "fish"], /, *, common: Common = DEFAULTS) -> int:
    """Print the completion script of a shell.

    bash: outlast completion bash > ~/.local/share/bash-completion/completions/outlast
    zsh: outlast completion zsh > a folder of your fpath, as _outlast
    fish: outlast completion fish > ~/.config/fish/completions/outlast.fish

    Parameters
    ----------
    shell
        The shell.
    """
    script = make_app().generate_completion(shell=shell)
    output = Output(common)
    output.document({"shell": shell, "script": script})
    output.text(script)
    return Exit.OK
