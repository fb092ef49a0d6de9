"""Lists of other libraries, evaluated as a model's own are."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ltgnn.config.composing import compose_config
from ltgnn.experiment.column_names import find_column, need_column
from ltgnn.experiment.dataset import Dataset, data_words
from ltgnn.experiment.frames import Frame, to_polars
from ltgnn.experiment.launching import run_one
from ltgnn.experiment.option_words import Overrides, Value, folder_word, words_of
from ltgnn.experiment.process_state import ONE_AT_A_TIME, hydra_put_back
from ltgnn.experiment.reevaluation import logged_evaluate_job
from ltgnn.experiment.run import Run
from ltgnn.experiment.target import later_wins
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.spreadsheet import marked_frame


def evaluate(
    lists: Frame | str | Path,
    data: Dataset | str | Path,
    *,
    name: str = "lists",
    folder: str | Path | None = None,
    overrides: Overrides = (),
    progress: bool = True,
    **options: Value,
) -> Run:
    """Evaluates recommendation lists of any library, as ``ltgnn evaluate lists=FILE`` does: a run without a model.

    Args:
        lists: A frame (or a CSV file) with a row for each entry: ``user_id``, ``item_id`` and, where there is one,
            ``score``; without scores the order of rows counts. Items that are not listed are not recommended.
        data: The data set that the lists were made for; as for ``ltgnn.train``.
        name: What the lists are called in tables, where they are a frame; a file is called by its name.
        folder: Run folder; None: a new one below ``logs/evaluate/runs``.
        overrides, progress: As for ``ltgnn.train``.
        **options: ``split``, ``groups``, ``eval``, ``features`` and their keys; the split has to be the one that the
            lists were made on.

    Returns:
        The run: numbers of the test part by groups of items, values of each user, the lists.

    Raises:
        UserError: A user or item that the data do not have, an item twice in a list; it names the row.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> lists = {"user_id": ["u1", "u1", "u2"], "item_id": ["i3", "i0", "i1"], "score": [2.0, 1.0, 1.0]}
        >>> ltgnn.evaluate(lists, shop, name="mine", progress=False).option("model")
        'mine'
    """
    file = Path(lists) if isinstance(lists, str | Path) else kept_lists(lists, name)
    words = [f"lists={folder_word(file)}", *later_wins(data_words(data), words_of(options, overrides))]
    if folder is not None:
        words.append(f"hydra.run.dir={folder_word(folder)}")
    return Run.read(run_one("evaluate", logged_evaluate_job, words, progress))


def kept_lists(lists: Frame, name: str) -> Path:
    """The lists as a CSV file below LTGNN_DATA, in a folder by what they hold, so that the run can be repeated."""
    import polars as pl

    frame = to_polars(lists, "lists")
    user = need_column("user", frame.columns, None, "lists", "the columns user_id and item_id; of the user")
    item = need_column("item", frame.columns, None, "lists", "the columns user_id and item_id; of the item")
    score = find_column("score", frame.columns, None, "lists", "score")
    columns = [pl.col(user).cast(pl.String).alias("user_id"), pl.col(item).cast(pl.String).alias("item_id")]
    table = frame.select(*columns, *([] if score is None else [pl.col(score).alias("score")]))
    text = marked_frame(table).write_csv()
    with ONE_AT_A_TIME, hydra_put_back():
        home = Path(str(compose_config("train", [], only=("paths",)).paths.data_dir))
    called = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
    file = home / "lists" / hashlib.sha256(text.encode()).hexdigest()[:16] / f"{called}.csv"
    if not file.is_file():
        with replace_atomically(file) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return file
