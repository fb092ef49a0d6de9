"""Tables of a run with ids in place of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ltgnn.config import older_recipes
from ltgnn.runs.run import DamagedRun, Run
from ltgnn.types import UserError

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from ltgnn.inference.search.result import SearchResult
    from ltgnn.inference.served_model import ServedModel


class Embeddings(NamedTuple):
    """Vectors whose inner products are the scores, on the CPU, and the ids of their rows."""

    users: NDArray[np.float32]  # [U, d]
    items: NDArray[np.float32]  # [I, d]
    user_ids: Sequence[str]
    item_ids: Sequence[str]

    def __repr__(self) -> str:
        (users, width), items = self.users.shape, len(self.items)
        return f"Embeddings({users:,} users, {items:,} items, {width} dimensions)"


def history(run: Run) -> pl.DataFrame:
    """history.csv; without a row where the run has none. Of an epoch that was run twice the later one stays."""
    import polars as pl

    if not (run.folder / "history.csv").is_file():
        return pl.DataFrame({"epoch": pl.Series([], dtype=pl.Int64), "seconds": pl.Series([], dtype=pl.Float64)})
    frame = run.reading("history.csv", lambda file: pl.read_csv(file, infer_schema_length=None))
    frame = frame.rename({name: older_recipes.metric(name) for name in frame.columns})
    return frame.unique("epoch", keep="last", maintain_order=True).sort("epoch")


def per_user(run: Run, user_ids: Sequence[str]) -> pl.DataFrame:
    """per_user.parquet with ids."""
    frame = run.columns("per_user.parquet", need_columns(run, "per_user.parquet"))
    return frame.with_columns(named(run, frame["user"], user_ids, "user"))


def topk(run: Run, user_ids: Sequence[str], item_ids: Sequence[str]) -> pl.DataFrame:
    """topk.parquet as a row for each entry."""
    import polars as pl

    need_columns(run, "topk.parquet")
    frame = run.columns("topk.parquet", ["user", "items", "scores"])
    length = frame["items"].dtype.size if isinstance(frame["items"].dtype, pl.Array) else None
    lists = frame.with_columns(pl.col("items", "scores").arr.to_list()) if length else frame
    rows = lists.with_columns(rank=pl.int_ranges(1, pl.col("items").list.len() + 1, dtype=pl.Int32))
    rows = rows.explode("items", "scores", "rank", empty_as_null=False).filter(pl.col("items") >= 0)
    users, items = named(run, rows["user"], user_ids, "user"), named(run, rows["items"], item_ids, "item")
    return pl.DataFrame([users, rows["rank"], items, rows["scores"].alias("score")])


def need_columns(run: Run, file: str) -> list[str]:
    """The columns of a file that a finished run has; ``UserError`` where it is absent."""
    if not (names := run.schema(file)):
        raise UserError(f"{run.folder} has no {file}: the run is {run.state}.")
    return names


def named(run: Run, numbers: pl.Series, ids: Sequence[str], kind: str) -> pl.Series:
    """Ids in place of numbers."""
    import polars as pl

    if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < len(ids):  # type: ignore[arg-type]
        raise DamagedRun(run.folder, f"{run.folder} names a {kind} that its data do not have.")
    return pl.Series(kind, ids, dtype=pl.String)[numbers.cast(pl.Int64)]


def embeddings(served: ServedModel) -> Embeddings:
    """Of a model whose score is an inner product."""
    if served.vectors is None:
        raise UserError(
            f"{served.name}: its score is not one inner product of a user's and an item's vector (closed forms over "
            "items, adjusted or blended scores are not), so that there are no embeddings to give."
        )
    users, items = (table.detach().cpu().float().numpy() for table in served.vectors)
    return Embeddings(users, items, served.catalogue.user_ids, served.catalogue.item_ids)


def hits(found: Sequence[SearchResult], by: Sequence[str]) -> pl.DataFrame:
    """Results of a search, a row each."""
    import polars as pl

    kinds: dict[str, Any] = {"rank": pl.Int32, "item": pl.String, "score": pl.Float64, "title": pl.String,
                             "group": pl.String, **dict.fromkeys(by, pl.Float64)}  # fmt: skip
    rows = [
        {"rank": hit.rank, "item": hit.item, "score": hit.score, "title": hit.title, "group": hit.group}
        | {name: hit.by.get(name) for name in by}
        for hit in found
    ]
    return pl.DataFrame(rows, schema=kinds)
