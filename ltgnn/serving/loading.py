"""A finished model by its folder, be that a run or an export."""

from __future__ import annotations

from pathlib import Path

from ltgnn.inference.served_model import ServedModel


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

    return load_exported(folder)
