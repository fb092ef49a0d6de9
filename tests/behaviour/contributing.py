"""CONTRIBUTING.md taken apart: samples by the file that they are to become, commands, words in backticks."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FENCED = re.compile(r"^```(\w+) (file|line)=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAMPLES = {name: body for _, kind, name, body in FENCED.findall(GUIDE) if kind == "file"}
LINES = {name: body for _, kind, name, body in FENCED.findall(GUIDE) if kind == "line"}
PROSE = re.sub(r"^```.*?^```$", "", GUIDE, flags=re.MULTILINE | re.DOTALL)
CODES = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", PROSE)]
COMMANDS = list(dict.fromkeys(code for code in CODES if code.startswith("ltgnn ") and "=" in code))
