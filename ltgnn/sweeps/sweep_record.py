"""The sweep's own record: its command, and whether it came to its end; how an interrupted one is found again."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ltgnn.config.paths import write_whole
from ltgnn.runs.environment import commit
from ltgnn.sweeps.process_id import alive, this_process

log = logging.getLogger(__name__)


def write(sweep_dir: Path, arguments: Sequence[str], state: str) -> None:
    """``state``: running, interrupted, ended (every job was tried)."""
    record = {"arguments": list(arguments), "state": state, "commit": commit(), "owner": this_process()}
    write_whole(sweep_dir / ".sweep" / "sweep.json", json.dumps(record, indent=1))


def read_record(sweep_dir: Path) -> dict[str, Any]:
    """Empty where there is none, or where it is unreadable, which is logged."""
    file = sweep_dir / ".sweep" / "sweep.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(found, dict) and isinstance(found.get("owner", {}), dict | None):
            return found
        reason = "it is not a record"
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        reason = str(error)
    log.warning("%s cannot be read (%s); to resume that sweep, give sweep.dir=%s", file, reason, sweep_dir)
    return {}


def find_interrupted(parent: Path, arguments: Sequence[str]) -> Path | None:
    """The newest sweep below ``parent`` that this very command, of the same code, began and did not end."""
    for folder in sorted(parent.glob("*/.sweep"), reverse=True):
        record = read_record(folder.parent)
        if record.get("arguments") == list(arguments) and record.get("commit") == commit():
            over = record.get("state") == "ended" or alive(record.get("owner")) is not False
            return None if over else folder.parent
    return None
