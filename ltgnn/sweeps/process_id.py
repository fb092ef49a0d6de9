"""The process that runs a job, and whether it is still alive."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Any

from ltgnn.io.atomic_write import start_time


def this_process() -> dict[str, Any]:
    """This process: host, number, and its birth, since numbers are used again."""
    return {"host": socket.gethostname(), "pid": os.getpid(), "born": start_time(os.getpid())}


def alive(owner: Mapping[str, Any] | None) -> bool | None:
    """Whether ``owner`` still runs; None: it is on another machine, so unknown here."""
    if not owner or not {"host", "pid", "born"} <= owner.keys():
        return False
    if owner["host"] != socket.gethostname():
        return None
    try:
        os.kill(int(owner["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, but alive
        pass
    return bool(start_time(int(owner["pid"])) == owner["born"])
