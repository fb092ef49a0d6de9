"""What a run leaves in W&B as artifacts: the data it read, its recipe, and the selected model."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ltgnn.runs.folder import RunFolder

PACKAGE = Path(__file__).resolve().parents[1]

RECIPE = ("config.yaml", "overrides.yaml", "env.json")
MODEL = ("checkpoints/best.ckpt", "config.yaml", "features_card.json", "metrics.json")


def log_artifacts(run: Any, folder: Path) -> None:
    """Data card (input of the run), recipe and selected model (outputs); what the run has not is left out.

    Offline, W&B cannot mark an input: the data card is then an output too.
    """
    card = RunFolder(folder).read_json("data_card.json")
    facts: dict[str, Any] = {
        key: card[key] for key in ("name", "users", "items", "split", "fingerprint", "pairs") if key in card
    }
    data = _artifact(f"data-{card.get('name', 'unknown')}", "dataset", folder, ("data_card.json",), facts)
    if data is not None:
        run.log_artifact(data) if run.offline else run.use_artifact(data)
    recipe = _artifact(f"config-{run.id}", "config", folder, RECIPE, {})
    if recipe is not None:
        run.log_artifact(recipe)
    if (folder / MODEL[0]).is_file():
        selection = RunFolder(folder).read_json("metrics.json").get("selection", {})
        model = _artifact(f"model-{run.id}", "model", folder, MODEL, {"selection": selection, "data": facts})
        run.log_artifact(model, aliases=["best"])


def _artifact(name: str, kind: str, folder: Path, files: tuple[str, ...], metadata: dict[str, Any]) -> Any:
    """Of the ``files`` that there are; None without any."""
    import wandb

    there = [file for file in files if (folder / file).is_file()]
    if not there:
        return None
    artifact = wandb.Artifact(re.sub(r"[^\w.-]+", "-", name)[:128], type=kind, metadata=metadata)
    for file in there:
        artifact.add_file(str(folder / file), name=Path(file).name)
    return artifact


def log_code(run: Any) -> None:
    """The source files of this package, as they are installed."""
    run.log_code(str(PACKAGE), name=f"source-ltgnn-{version('ltgnn')}", include_fn=is_source)


def is_source(path: str, root: str) -> bool:
    """Python and yaml; W&B asks for each file below ``root``."""
    return path.endswith((".py", ".yaml"))
