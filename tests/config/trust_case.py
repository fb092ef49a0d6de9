"""What tests of trust share."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from ltgnn.io.libyaml import dump
from tests.conftest import CONF

RUN = "torch.utils.collect_env.run"

MARK = "PWNED"

COMMANDS: dict[str, list[str]] = {
    "recommend": ["recommend", "run={run}", "users=u1", "k=1"],
    "similar": ["similar", "i1", "run={run}"],
    "explain": ["explain", "run={run}", "user=u1", "item=i1"],
    "search": ["search", "run={run}", "river"],
    "serve": ["serve", "run={run}", "port=8000"],
    "export": ["export", "run={run}", "out=out"],
    "update": ["update", "run={run}", "events=events.csv", "out=out"],
    "evaluate": ["evaluate", "run={run}"],
    "evaluate, swept": ["evaluate", "run={run}", "score.norm_power=0,1", "-m"],
    "ensemble": ["ensemble", "{run}", "{good}"],
    "train on its vectors": ["train", "--config-dir", str(CONF), "data=toy", "data.files.path={shop}", "features=run",
                             "features.run={run}", "logger=none"],
    "features build": ["features", "build", "--config-dir", str(CONF), "data=toy", "data.files.path={shop}",
                       "features=run", "features.run={run}"],
    **{f"data {name}": ["data", name, "{run}", *more] for name, more in {
        "fetch": [], "stats": [], "audit": [], "split": ["--out", "out"], "export": ["--to", "recbole", "--out", "out"],
    }.items()},
    "data diff": ["data", "diff", "{run}", "{good}"],
}  # fmt: skip


def poisoned(good: Path, where: str, what: Any) -> Path:
    """A copy of a run whose recipe has ``what`` at the dotted key ``where``."""
    copy = Path("copy").resolve()
    shutil.copytree(good, copy, dirs_exist_ok=True)
    recipe = yaml.safe_load((good / "config.yaml").read_text())
    *path, last = [where] if where.startswith(".") else where.split(".")
    node = recipe
    for key in path:
        node = node.setdefault(key, {})
    node[last] = what
    (copy / "config.yaml").write_text(dump(recipe))
    return copy


def words(command: str, run: Path, good: Path, shop: Path) -> list[str]:
    return [word.format(run=run, good=good, shop=shop) for word in COMMANDS[command]]
