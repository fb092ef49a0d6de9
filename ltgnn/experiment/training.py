"""Training from Python: one configuration, or a sweep of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ltgnn.experiment.dataset import Dataset, data_words
from ltgnn.experiment.launching import run_one, run_sweep
from ltgnn.experiment.option_words import Overrides, Value, folder_word, has, sweep_words, words_of
from ltgnn.experiment.run import Run
from ltgnn.experiment.runs import Runs
from ltgnn.experiment.target import later_wins
from ltgnn.experiment.train_job import logged_train_job, quiet_train_job

PLAIN_FILES = "logger=none"
"""No Weights & Biases unless it is asked for."""


def train(
    data: Dataset | str | Path,
    *,
    model: str | None = None,
    fusion: str | None = None,
    loss: str | None = None,
    features: str | None = None,
    lr: float | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    folder: str | Path | None = None,
    overrides: Overrides = (),
    progress: bool = True,
    **options: Value,
) -> Run:
    """Trains and evaluates one configuration, as ``ltgnn train`` does: same checks, folder, key and numbers.

    Args:
        data: A data set, the name of one of the catalogue (``"ml100k"``), or a folder that ``ltgnn data`` wrote.
        model, fusion, loss, features: Options of these config groups (``ltgnn models`` lists them); None: the default.
        lr, epochs, seed: Root keys; None: the default.
        folder: Run folder. None: a new one below ``logs/train/runs`` in the working directory (or LTGNN_LOGS). A
            folder that holds the finished run of this configuration is returned as it is.
        overrides: Further keys: ``["loss.ranking.temperature=0.2"]``, or ``{"loss.ranking.temperature": 0.2}``.
        progress: Whether progress is shown. Lines go to standard output, or to the program's own logging.
        **options: Any other config group or root key of ``ltgnn train``: ``split="leave_one_out"``, ``dim=32``. A text
            means what it means on the command line; None is ``null``. Weights & Biases is off unless
            ``logger="wandb"``.

    Returns:
        The finished run.

    Raises:
        UserError: An unknown option, a wrong value, data that cannot be read; the text is that of the command line.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> run = ltgnn.train(shop, model="ease", features="none", progress=False)
        >>> 0 < run.test["items20/tail/ndcg@20"] < run.test["recall@20"] <= 1
        True
    """
    usual: dict[str, Value] = {"model": model, "fusion": fusion, "loss": loss, "features": features}
    usual |= {"lr": lr, "epochs": epochs, "seed": seed}
    words = later_wins(data_words(data), words_of(given(usual) | options, overrides))
    if folder is not None:
        words.append(f"hydra.run.dir={folder_word(folder)}")
    job = logged_train_job if progress else quiet_train_job
    return Run.read(run_one("train", job, with_logger(words), progress))


def sweep(
    data: Dataset | str | Path,
    *,
    folder: str | Path | None = None,
    overrides: Overrides = (),
    progress: bool = True,
    **options: Value,
) -> Runs:
    """Trains every combination of the listed values, as ``ltgnn train ... -m`` does.

    A sweep that was interrupted goes on where it stopped when the same call is made again; in a named ``folder`` only
    configurations that have not finished there are trained. A job that fails does not stop the others: it is in
    ``Runs.failed``, with the reason.

    Args:
        data: As for ``train``.
        folder: Folder of the sweep. None: a new one below ``logs/train/multiruns``.
        overrides: As for ``train``; a comma separates values to sweep over (``["fusion=id,sum"]``).
        progress: Whether a line is shown for each job that ends.
        **options: Config groups and root keys; each list is an axis: ``fusion=["id", "sum"], seed=[1, 2, 3]``. The
            jobs run one after the other; ``overrides={"hydra/launcher": "pool"}`` runs several at a time. There, as in
            every program that starts processes, the call belongs under ``if __name__ == "__main__":``.

    Returns:
        The runs, in the order of the jobs.

    Raises:
        UserError: A wrong value in any of the configurations; then nothing is trained.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> runs = ltgnn.sweep(shop, model=["ease", "popularity"], features="none", progress=False)
        >>> len(runs), len(runs.failed)
        (2, 0)
    """
    words = later_wins(data_words(data), sweep_words(options, overrides))
    if folder is not None:
        words.append(f"sweep.dir={folder_word(folder)}")
    return Runs.read(run_sweep("train", logged_train_job, with_logger(words), progress))


def given(options: Mapping[str, Value]) -> dict[str, Value]:
    """The options that are not None."""
    return {key: value for key, value in options.items() if value is not None}


def with_logger(words: list[str]) -> list[str]:
    """The words of a call, with the logger of Python calls where they name none."""
    return words if has(words, "logger") else [*words, PLAIN_FILES]
