"""What tests of completion share."""

from __future__ import annotations

from ltgnn.cli import COMMANDS

NAMES = {name: module for name, (module, _) in COMMANDS.items()}
