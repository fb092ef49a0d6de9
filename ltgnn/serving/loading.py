"""A finished model by its folder, be that a run or an export."""

from __future__ import annotations

from pathlib import Path

from ltgnn.inference.served_model import ServedModel
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError


def load(folder: str | Path) -> ServedModel:
    """A finished model, ready to answer: ``ltgnn.load(DIR).recommend(["u1"], k=10)``.

    Args:
        folder: What ``ltgnn export`` wrote (needs neither Lightning nor Hydra), or a run folder.

    Raises:
        UserError: It is neither, or the data of the run are not as they were.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> run = ltgnn.train(shop, model="ease", features="none", progress=False)
        >>> ltgnn.load(run.folder).recommend(["u1", "u2"], k=3).height
        6
    """
    if (Path(folder) / "status.json").is_file():
        from ltgnn.inference.finished_run import open_run

        return open_run(folder)
    from ltgnn.serving.export import load_exported

    if not (Path(folder) / "export.json").is_file():
        from ltgnn.runs.reading import find

        if below := find([Path(folder)]):
            raise UserError(
                f"{folder} holds {pluralize(len(below), 'run')}, one wanted, such as {below[0]}. All of them: "
                f"ltgnn.open({str(folder)!r})"
            )
        raise UserError(
            f"{folder} is neither a run (it has no status.json) nor an exported model (no export.json). Create one: "
            f"ltgnn export run=RUN out={folder}"
        )
    return load_exported(folder)
