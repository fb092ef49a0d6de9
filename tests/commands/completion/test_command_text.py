"""Flags, subcommands and keys of a command, read in the text of its module: importing it would take seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SLOW = ("torch", "hydra", "omegaconf", "pydantic", "polars", "numpy", "transformers", "matplotlib")


def test_nothing_slow_is_imported(place: Path) -> None:
    lines = [
        "ltgnn train loss=s",
        "ltgnn train loss.ranking.",
        "ltgnn data stats ml",
        "ltgnn recommend rules=",
        "ltgnn m",
    ]
    code = "import sys\nfrom ltgnn.cli import main\nfor line in sys.argv[1:]: main(['completion', '--line', line])\n"
    code += f"print([name for name in {SLOW} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code, *lines], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "loss=softmax" in done.stdout
