"""`outlast completion`: scripts that let a shell complete."""

import re
from typing import Final, Literal

from outlast.cli.commands import make_app
from outlast.cli.common import DEFAULTS, Common
from outlast.cli.exits import Exit
from outlast.cli.output import Output

_UNKNOWN: Final = re.compile(r"""^( +'(?:\d|\*):(?:[^:'\n\\]|\\.|'\\'')+)'(?= \\$)""", re.MULTILINE)
"""An argument in the script for zsh that says what it is, and not what completes it."""

_CALL: Final = """
if [ "$funcstack[1]" = "_outlast" ]; then
  _cyclopts_outlast "$@"
else
  compdef _cyclopts_outlast outlast
fi
"""
"""The script for zsh only defines a function: the file of an fpath must also call it, and one that is sourced, say
what it is for."""


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
    script = _with_files(make_app().generate_completion(shell=shell))
    if shell == "zsh":
        script += _CALL
    output = Output(common)
    output.document({"shell": shell, "script": script})
    output.text(script)
    return Exit.OK


def _with_files(script: str) -> str:
    """The script, that completes names of files where it knows nothing better: workflows come from files. The
    script for fish does so by itself."""
    script = script.replace("complete -F _outlast", "complete -o default -F _outlast")
    return _UNKNOWN.sub(r"\1:_files'", script)
