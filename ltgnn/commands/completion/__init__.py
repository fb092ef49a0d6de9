"""``ltgnn completion bash|zsh|fish``: the script of a shell; the script asks ``ltgnn completion --line LINE``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ltgnn.commands.completion.candidates import candidates

USAGE = """usage: ltgnn completion bash|zsh|fish

Prints the tab completion for a shell: commands, flags, config groups, options,
keys, and the folders of runs. Your own yaml (LTGNN_CONF, --config-dir on the
line, plugins) is included.

  bash   eval "$(ltgnn completion bash)"       in ~/.bashrc
  zsh    eval "$(ltgnn completion zsh)"        in ~/.zshrc, after compinit
  fish   ltgnn completion fish > ~/.config/fish/completions/ltgnn.fish
"""

SHELLS = ("bash", "zsh", "fish")


def main(argv: Sequence[str] | None = None, commands: Mapping[str, str] | None = None) -> int:
    """``commands``: name -> module of each command of ``ltgnn``."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] == ["--line"]:
        print("\n".join(candidates(" ".join(given[1:]), commands or {})))
        return 0
    if given and given[0] in SHELLS and len(given) == 1:
        print((Path(__file__).parent / f"ltgnn.{given[0]}").read_text(encoding="utf-8"), end="")
        return 0
    helped = not given or given[0] in ("-h", "--help")
    print(USAGE if helped else f"ltgnn: '{' '.join(given)}' given, one of {', '.join(SHELLS)} wanted.\n\n{USAGE}",
          file=sys.stdout if helped else sys.stderr)  # fmt: skip
    return 0 if helped else 1
