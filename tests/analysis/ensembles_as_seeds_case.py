"""What tests of ensembles as seeds share."""

from pathlib import Path
from typing import Any

import yaml

from ltgnn.analysis.run_groups import Run


def blend(folder: Path, seed: int, weight: float, *, lr: float = 0.1, fitting: Any = "logit") -> Run:
    """A blend of one member, of the same seed, with the folder that ``ltgnn train`` would leave."""
    member = folder / f"member{seed}"
    member.mkdir(parents=True)
    paths = {"run_dir": str(member)}
    (member / "config.yaml").write_text(
        yaml.safe_dump({"seed": seed, "lr": lr, "out": f"{member}/x", "paths": paths, "choices": {}})
    )
    made = {"fitting": fitting, "weights": {"gnn": weight}}
    runs = {"gnn": {"folder": str(member), "key": f"key{seed}"}}
    model = {"closed_form": {"runs": runs, "blend": made}}
    return Run(folder, {"seed": seed, "blend": made, "runs": [str(member)], "model": model}, {})
