"""What tests of input files share."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def recipe(folder: Path, **more: Any) -> dict[str, Any]:
    reader = {"interactions": {"all": "i.csv"}, "items": None, "separator": "/", "user": "u"}
    data = {"name": "mine", "files": {"_target_": "ltgnn.data.fetch.Folder", "path": str(folder)}, "reader": reader}
    return {"paths": {"run_dir": "/RUN"}, "choices": {}, "data": data, **more}
