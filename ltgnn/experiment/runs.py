"""Several runs for Python: a sequence of them, as a frame, compared, claimed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from ltgnn.analysis.claim_rule import Claim, claim
from ltgnn.analysis.claim_sides import claim_readable, refuse_same
from ltgnn.analysis.compare_runs import compare_runs, usual_values
from ltgnn.analysis.comparison import name_damaged
from ltgnn.analysis.labels import differing_keys, labels
from ltgnn.analysis.run_groups import RunGroup, select_group
from ltgnn.experiment.comparison import ComparisonTable, short
from ltgnn.experiment.run import Run
from ltgnn.io.notebook import grid
from ltgnn.runs.reading import read_all
from ltgnn.runs.run import DamagedRun
from ltgnn.types import UserError

if TYPE_CHECKING:
    import polars as pl

Options = str | Mapping[str, object]
"""``"fusion=id,loss=bpr"`` or ``{"fusion": "id", "loss": "bpr"}``"""

SHOWN = 20
"""Runs that ``repr`` lists."""


class Runs(Sequence[Run]):
    """Runs in the order of their folders; those that have not finished are among them, see ``failed``.

    Attributes:
        folders: Where they were looked for.
        damaged: Folders that cannot be read, as errors.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> runs = ltgnn.sweep(shop, model=["ease", "popularity"], features="none", progress=False)
        >>> runs.frame(["ndcg@20"]).columns
        ['run', 'state', 'model', 'seed', 'ndcg@20']
        >>> runs.best().option("model") in ("ease", "popularity")
        True
    """

    def __init__(self, runs: Sequence[Run], folders: Sequence[Path], damaged: Sequence[DamagedRun] = ()) -> None:
        self._runs, self.folders, self.damaged = tuple(runs), tuple(folders), tuple(damaged)

    @classmethod
    def read(cls, *folders: str | Path) -> Runs:
        """Every run at or below the folders; ``UserError`` where there is none."""
        places = [Path(folder) for folder in folders]
        found, damaged = read_all(places)
        return cls([Run.of(run) for run in found], places, damaged)

    def __len__(self) -> int:
        return len(self._runs)

    @overload
    def __getitem__(self, at: int) -> Run: ...
    @overload
    def __getitem__(self, at: slice) -> Runs: ...
    def __getitem__(self, at: int | slice) -> Run | Runs:
        return Runs(self._runs[at], self.folders) if isinstance(at, slice) else self._runs[at]

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    @property
    def finished(self) -> list[Run]:
        """Those with numbers."""
        return [run for run in self if run.state == "finished" and run.test]

    @property
    def failed(self) -> list[Run]:
        """Those that did not finish; ``run.error`` says why."""
        return [run for run in self if run.state not in ("finished", "pruned")]

    def frame(self, metrics: Sequence[str] | None = None) -> pl.DataFrame:
        """A row for each run: run (folder), state, the options in which the runs differ, seed, values of the test part.

        ``metrics``: values of the test part, or of validation as ``val/NAME``; None: NDCG of all, head and tail items,
        and coverage. Null where a run has none.
        """
        import polars as pl

        refuse_text(metrics)
        names = list(metrics) if metrics is not None else usual_values(self.finished) if self.finished else []
        keys = differing_keys(self) if len(self) > 1 else ("model", "fusion", "loss")
        rows = [
            {"run": str(run.folder), "state": run.state, **{key: run.option(key) for key in keys}, "seed": run.seed}
            | {name: value_of(run, name) for name in names}
            for run in self
        ]
        for name in names:
            if all(row[name] is None for row in rows):
                raise UserError(f"metrics: no run has the value '{name}'. NAME of the test part, or val/NAME.")
        return pl.DataFrame(rows, infer_schema_length=None)

    def compare(
        self,
        by: str | Sequence[str] | None = None,
        *,
        baseline: Options = "",
        metrics: Sequence[str] | None = None,
        policy: str | None = None,
        correction: Literal["holm", "bh", "none"] = "holm",
    ) -> ComparisonTable:
        """Configurations side by side, as ``ltgnn compare``: mean and spread over seeds, differences, significance.

        Args:
            by: What distinguishes configurations: ``["fusion", "loss"]``; None: all that varies.
            baseline: ``"fusion=id"``: each configuration against the same with this.
            metrics: Values of the test part; None: NDCG of all, head and tail items, and coverage.
            policy: Groups of items of the default values; None: items20.
            correction: For many tests.
        """
        refuse_text(metrics)
        keys = by.split(",") if isinstance(by, str) else list(by or ())
        values = list(metrics) if metrics is not None else usual_values(self._with_numbers(), policy)
        gone = [f"{run.folder} ({run.state})" for run in self if run not in self.finished]
        left_out = [*gone, *name_damaged(self.damaged)]
        runs, table = compare_runs(
            self._with_numbers(), left_out, [key.strip() for key in keys], dict(pairs(baseline)), values, correction
        )
        return ComparisonTable(table, runs)

    def claim(
        self,
        base: Options,
        new: Options,
        *,
        metric: str = "ndcg@20",
        policy: str = "items20",
        margin: float = 0.01,
        level: float = 0.95,
        draws: int = 10_000,
        seed: int = 0,
    ) -> Claim:
        """Whether ``new`` is better than ``base`` on the tail at no cost for the head, as ``ltgnn claim`` decides it.

        Args:
            base, new: Options that select the runs of a side, which then differ in the seed alone: ``"fusion=id"``.
            metric, policy: Value of each user, and groups of items.
            margin: Share of the head's value that may be lost.
            level, draws, seed: Of the intervals, of bootstrap and permutation.
        """
        sides = self._side(base), self._side(new)
        refuse_same(*sides)
        rest = metric, policy, margin, level, draws, seed
        return claim_readable(*sides, lambda one, other: claim(one, other, *rest))[0]

    def best(self, metric: str = "val/ndcg@20") -> Run:
        """The run with the best value; ``test/NAME`` or ``val/NAME``, where smaller is better the smallest."""
        part, slash, name = metric.partition("/")
        if part not in ("val", "test") or not slash:
            raise UserError(f"metric={metric!r} given; val/NAME or test/NAME wanted, such as val/ndcg@20.")
        known = [run for run in self if name in run.metrics.get(part, {})]
        if not known:
            raise UserError(f"metric={metric!r}: no run has that value.")
        ranked = sorted(known, key=lambda run: float(run.metrics[part][name]))
        return ranked[0 if RunGroup(known).smaller(name) else -1]

    def table(self, policy: str | None = None) -> None:
        """Prints what ``ltgnn table`` prints of the runs. ``policy``: groups of items, such as ``"mass"``."""
        from ltgnn.analysis.table import show
        from ltgnn.analysis.table_values import Selection

        show([run.folder for run in self] or list(self.folders), Selection(policy=policy))

    def _with_numbers(self) -> list[Run]:
        if not (finished := self.finished):
            raise UserError(f"none of these runs has finished: {', '.join(f'{r.folder} ({r.state})' for r in self)}")
        return finished

    def _side(self, wanted: Options) -> RunGroup:
        words = ",".join(f"{key}={value}" for key, value in pairs(wanted))
        return select_group(f"{self.folders[0]}:{words}", self._runs, self.damaged)

    def __repr__(self) -> str:
        states = {state: sum(run.state == state for run in self) for state in dict.fromkeys(run.state for run in self)}
        counted = ", ".join(f"{number} {state}" for state, number in states.items())
        head = f"Runs({', '.join(map(str, self.folders[:3]))}: {counted or 'none'})"
        lines = [
            f"  {name}  {short(run.test.get('ndcg@20')) or run.state}"
            for name, run in zip(labels(self, seeds=True) if len(self) else (), self._runs[:SHOWN], strict=False)
        ]
        more = [f"  and {len(self) - SHOWN} more"] if len(self) > SHOWN else []
        return "\n".join([head, *lines, *more])

    def _repr_html_(self) -> str:
        frame = self.frame()
        rows = [[Path(row[0]).name, *map(short, row[1:])] for row in frame.iter_rows()]
        return grid(f"{len(self)} runs in {', '.join(map(str, self.folders[:3]))}", frame.columns, rows)


def value_of(run: Run, name: str) -> float | None:
    """A value of the test part, or of validation as ``val/NAME``."""
    part, slash, rest = name.partition("/")
    values: Mapping[str, Any] = run.metrics.get(part, {}) if slash and part in ("val", "test") else run.test
    return values.get(rest if slash and part in ("val", "test") else name)


def refuse_text(metrics: Sequence[str] | None) -> None:
    """``UserError`` where one name was given in place of a list of names."""
    if isinstance(metrics, str):
        raise UserError(f"metrics={metrics!r} given, a list wanted: [{metrics!r}].")


def pairs(options: Options) -> list[tuple[str, str]]:
    """Options of a side or a baseline, by name."""
    if isinstance(options, Mapping):
        return [(key, str(value)) for key, value in options.items()]
    parts = [part.partition("=") for part in options.split(",") if part.strip()]
    for key, sign, _ in parts:
        if not sign:
            raise UserError(f"{options!r}: '{key}' is not GROUP=OPTION, such as fusion=id")
    return [(key.strip(), word.strip()) for key, _, word in parts]


def open(*folders: str | Path) -> Run | Runs:
    """The run in a folder, or all runs below one or several folders (a sweep, ``logs/train``).

    Raises:
        UserError: No run is there.
        ltgnn.types.Damaged: The only run there cannot be read.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> run = ltgnn.train(shop, model="ease", features="none", progress=False)
        >>> ltgnn.open(run.folder).test == run.test
        True
    """
    places = [Path(folder).expanduser() for folder in folders]
    if not places:
        raise UserError("open: no folder given; that of a run or a sweep wanted.")
    if len(places) == 1 and (places[0] / "status.json").is_file():
        return Run.read(places[0])
    for place in places:
        if (place / "export.json").is_file():
            raise UserError(f"{place} is an exported model, not a run: ltgnn.load({str(place)!r}) opens it.")
    return Runs.read(*places)
