"""Reference page of the environment variables."""

from __future__ import annotations

import re
from pathlib import Path

from docs.generate.tables import code, table

ROOT = Path(__file__).parents[2]

OURS = {
    "LTGNN_DATA": ("`~/.cache/ltgnn/data`", "folder of the data sets that are fetched (`paths.data_dir`)"),
    "LTGNN_CACHE": ("`~/.cache/ltgnn/features`", "folder of encoded features (`paths.cache_dir`)"),
    "LTGNN_LOGS": ("`logs`", "folder of the runs (`paths.log_dir`)"),
    "LTGNN_MIRROR": ("none", "folder of data sets that is tried before the network: `$LTGNN_MIRROR/NAME/FILE`"),
    "LTGNN_TRUST": ("none", "packages, comma-separated, whose classes a run's recipe may name: `trust=` for all"),
    "LTGNN_TOKEN": ("none", "what every request to `ltgnn serve` has to bring; needed where `host=` is not loopback"),
    "LTGNN_CONF": ("none", "a yaml tree of your own with the same groups, as `--config-dir` for all commands"),
}  # fmt: skip
"""Variables that a user sets."""

INTERNAL = {"LTGNN_RANK": "set by ltgnn in the processes that it starts"}
"""Variables that ltgnn sets itself."""

OTHERS = {
    "HYDRA_FULL_ERROR": "`1`: errors with their traceback instead of one message",
    "WANDB_MODE": "`online`, `offline` or `disabled`: before `logger.mode`; see [W&B](../how-to/wandb.md)",
    "OMP_NUM_THREADS": "threads of PyTorch; 1 where several runs share the cores",
    "CUDA_VISIBLE_DEVICES": "the GPUs that are seen",
    "OPENAI_BASE_URL": "endpoint of `features/writer=openai`, such as `http://localhost:8000/v1`",
    "OPENAI_API_KEY": "its key, where it needs one",
    "HF_HUB_OFFLINE": "`1`: text encoders come from the local cache alone",
}  # fmt: skip
"""Variables of the libraries that matter here."""


def page() -> str:
    """The variables that the code reads; ``KeyError`` where one of them is not explained."""
    read = named()
    if unknown := read - set(OURS) - set(INTERNAL):
        raise KeyError(f"docs/generate/environment.py does not explain {sorted(unknown)}")
    lines = ["# Environment variables", "", block()]
    for title, variables in (("Of the libraries", OTHERS), ("Set by ltgnn itself", INTERNAL)):
        rows = [[code(name), about] for name, about in variables.items()]
        lines += ["", f"## {title}", "", table(("variable", "meaning"), rows)]
    return "\n".join(lines) + "\n"


def block() -> str:
    """Our own variables as a table."""
    read = named()
    return table(
        ("variable", "default", "meaning"), [[code(name), *said] for name, said in OURS.items() if name in read]
    )


def named() -> set[str]:
    """Every ``LTGNN_...`` in the package and its yaml."""
    files = [*(ROOT / "ltgnn").rglob("*.py"), *(ROOT / "hydra_plugins").rglob("*.py"), *(ROOT / "conf").rglob("*.yaml")]
    return {
        name for file in files for name in re.findall(r"\bLTGNN_[A-Z]+(?:_[A-Z]+)*\b", file.read_text(encoding="utf-8"))
    }
