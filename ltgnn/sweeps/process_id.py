"""Who runs a job, and whether that process still lives."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from ltgnn.io.atomic_write import born


def me() -> dict[str, Any]:
    """This process: host, number, and its birth, since numbers are used again."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": born(os.getpid())}


def alive(owner: Mapping[str, Any] | None) -> bool | None:
    """Whether ``owner`` still runs; None: it is on another machine, so nobody here can tell."""
    if not owner or not {"host", "pid", "born"} <= owner.keys():
        return False
    if owner["host"] != socket.gethostname():
        return None
    try:
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        pass
    return bool(born(int(owner["pid"])) == owner["born"])
