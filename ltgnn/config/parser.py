"""The parser of commands with flags (``--out FILE``); for ``KEY=VALUE`` words see ``ltgnn.config.arguments``."""

from __future__ import annotations

import argparse
from typing import NoReturn

from ltgnn.io.terminal import printable


class Parser(argparse.ArgumentParser):
    """``argparse.ArgumentParser`` whose errors show what the user typed without control characters."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))
