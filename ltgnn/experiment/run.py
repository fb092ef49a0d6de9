"""A finished run for Python: its record, its tables with ids, and its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ltgnn.analysis.report.gather import command
from ltgnn.evaluation.metric import HEADLINE
from ltgnn.experiment import run_tables
from ltgnn.experiment.dataset import Dataset, read_dataset
from ltgnn.experiment.option_words import Overrides, Value, folder_word, words_of
from ltgnn.experiment.process_state import ONE_AT_A_TIME, hydra_put_back
from ltgnn.experiment.reevaluation import evaluate_again
from ltgnn.experiment.target import named_data_of
from ltgnn.io.notebook import card
from ltgnn.runs import run as records
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.reading import read_run
from ltgnn.types import UserError

if TYPE_CHECKING:
    import polars as pl

    from ltgnn.experiment.run_tables import Embeddings
    from ltgnn.inference.explanation.explainer import Explanation
    from ltgnn.inference.open_run import OpenRun
    from ltgnn.inference.rule_engine import Rules
    from ltgnn.inference.served_model import ServedModel
    from ltgnn.inference.similarity import By


RuleChoice: TypeAlias = "Rules | Mapping[str, object] | Sequence[str] | str | None"
"""Rules for lists: objects by name, an option of ``conf/rules``, words, or none."""

AXES = ("data", "model", "fusion", "loss", "features")
"""Config groups by which a notebook names a run."""


class Run(records.Run):
    """A run on disk. Numbers and tables are read when they are asked for; so are data and model.

    Attributes:
        folder: The run folder.
        config: The resolved configuration, plain values.
        metrics: All of metrics.json: ``metrics["test"]["ndcg@20"]``, ``metrics["seconds"]`` ...
        test, val: Values by name of a part: ``run.test["items20/tail/ndcg@20"]``.
        warnings: Sentences that a reader of the numbers has to know.
        state, error: ``"finished"``, ``"failed"`` ..., and why.
        seed, fingerprint: Of the run, and of the split that it was tested on.

    Examples:
        >>> import ltgnn, ltgnn.testing.toy
        >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
        >>> run = ltgnn.train(shop, model="ease", features="none", progress=False)
        >>> run.recommend(["u1"], k=2).columns
        ['user', 'rank', 'item', 'score', 'title', 'group', 'reason']
        >>> run.command.split()[:3]
        ['ltgnn', 'train', 'data=processed']
    """

    @classmethod
    def read(cls, folder: str | Path) -> Run:
        """The run in a folder; ``ltgnn.types.Damaged`` where a file of it cannot be read."""
        return cls.of(read_run(Path(folder)))

    @classmethod
    def of(cls, record: records.Run) -> Run:
        """The same run with tables and model."""
        return cls(**{one.name: getattr(record, one.name) for one in fields(record)})

    @property
    def val(self) -> dict[str, float]:
        """Values of the validation part by name; empty where the run has none."""
        values: dict[str, float] = self.metrics.get("val", {})
        return values

    @property
    def command(self) -> str:
        """The shell command that makes this run again."""
        return command(self)

    @cached_property
    def dataset(self) -> Dataset:
        """The data set of the run, before its split; ``UserError`` where it is no longer what the run was made on."""
        named = named_data_of(self)
        found = read_dataset(RunFolder(self.folder).config(), named)
        if self.metrics.get("data_sha256") not in (None, found.card.get("sha256")):
            raise UserError(f"{self.folder}: the data are not those that it was made on any more ({' '.join(named)}).")
        return found

    @cached_property
    def history(self) -> pl.DataFrame:
        """A row for each evaluation: epoch (from 1), seconds, losses, values of the validation part.

        Of a closed form, which has no epochs, no row.
        """
        return run_tables.history(self)

    @cached_property
    def per_user(self) -> pl.DataFrame:
        """A row for each test user: ``user`` (id), and a column for each value; nan where the user has no such item."""
        return run_tables.per_user(self, self.dataset.user_ids)

    @cached_property
    def topk(self) -> pl.DataFrame:
        """The evaluated lists of the test users, a row for each entry: user, rank (from 1), item, score."""
        return run_tables.topk(self, self.dataset.user_ids, self.dataset.item_ids)

    @cached_property
    def embeddings(self) -> Embeddings:
        """Vectors of users [U, d] and items [I, d] whose inner products are the scores, with their ids.

        ``UserError`` where the model's score is something else.
        """
        return run_tables.embeddings(self.served)

    @property
    def served(self) -> ServedModel:
        """The model with its data, as ``ltgnn.load(folder)`` gives it."""
        return self._opened.served

    def recommend(
        self,
        users: Sequence[str] | None = None,
        k: int = 10,
        rules: RuleChoice = None,
        reasons: bool = True,
    ) -> pl.DataFrame:
        """The ``k`` best items of each user, a row each: user, rank (from 1), item, score, title, group, reason.

        Args:
            users: Ids; None: all users. An unknown one gets the most popular items.
            k: Length of a list, 1 to 10,000.
            rules: An option of ``ltgnn models rules`` (``"tail"``), words (``["rules=tail",
                "rules.tail.share=0.4"]``), or rules of one's own by name.
            reasons: False leaves them out, which is faster.

        Raises:
            UserError: A text in place of a list of users; a rule that there is not.
        """
        return self.served.recommend(users, k, rules_of(rules), reasons)

    def similar(self, item: str, k: int = 10, by: By | None = None) -> pl.DataFrame:
        """The ``k`` items nearest to one, a row each: rank, item, cosine, title, group, by.

        ``by``: ``"model"``, ``"features"``, ``"users"``; None: the first of these that the model has.
        """
        return self.served.similar(item, k, by)

    def explain(self, user: str, item: str, k: int = 10) -> Explanation:
        """The score of an item for a user as summands that add up to it, the ``k`` largest and the rest.

        Raises:
            UserError: The model's score is not such a sum, or the user or item is not known to it.
        """
        from ltgnn.inference.explanation.open_explainer import explainer

        return explainer(self._opened)(user, item, k)

    def search(self, query: str, k: int = 10, user: str | None = None) -> pl.DataFrame:
        """The ``k`` items that fit a query, by keywords and, where the run has a text encoder, by meaning.

        Columns: rank, item, score, title, group, and one for each way of search. ``user``: reorders by the user's
        taste.
        """
        opened = self._opened
        return run_tables.hits(opened.find(query, k, user), opened.by)

    def evaluate(
        self,
        *,
        split: str | None = None,
        groups: str | None = None,
        score: str | None = None,
        folder: str | Path | None = None,
        overrides: Overrides = (),
        progress: bool = True,
        **options: Value,
    ) -> Run:
        """Evaluates the model again without training, as ``ltgnn evaluate run=FOLDER`` does: a new run folder.

        Args:
            split, groups, score: Options of these config groups; None: as the run has them.
            folder: Run folder; None: a new one below ``logs/evaluate/runs``.
            overrides: Further keys: ``{"score.norm_power": 0.5}``, ``{"eval.ks": [5, 10]}``.
            progress: As for ``ltgnn.train``.
            **options: ``eval``.

        Raises:
            UserError: An option that would change the model or its data; data that are not those of the run.

        Examples:
            >>> import ltgnn, ltgnn.testing.toy
            >>> shop = ltgnn.Dataset.from_frames(*ltgnn.testing.toy.frames(), name="toy")
            >>> run = ltgnn.train(shop, model="ease", features="none", progress=False)
            >>> again = run.evaluate(overrides={"eval.ks": [5, 20]}, progress=False)
            >>> again.test["ndcg@20"] == run.test["ndcg@20"], "ndcg@5" in again.test
            (True, True)
        """
        chosen: dict[str, Value] = {"split": split, "groups": groups, "score": score}
        words = words_of({key: word for key, word in chosen.items() if word is not None} | options, overrides)
        if folder is not None:
            words.append(f"hydra.run.dir={folder_word(folder)}")
        return Run.read(evaluate_again(self.folder, words, progress))

    def table(self, policy: str | None = None) -> None:
        """Prints what ``ltgnn table`` prints of this run. ``policy``: groups of items, such as ``"mass"``."""
        from ltgnn.analysis.table import show
        from ltgnn.analysis.table_values import Selection

        show([self.folder], Selection(policy=policy))

    @cached_property
    def _opened(self) -> OpenRun:
        if self.state != "finished":
            raise UserError(f"{self.folder}: the run is {self.state}, so it has no model to ask. {self.error}".strip())
        with ONE_AT_A_TIME, hydra_put_back():
            from ltgnn.inference.open_run import OpenRun

            return OpenRun(str(self.folder))

    def _repr_html_(self) -> str:
        words = {axis: word for axis in AXES if (word := self.option(axis)) != "-"}
        shown = {name: f"{self.test[name]:.4f}" for name in HEADLINE if name in self.test}
        ends: dict[str, Any] = {} if self.state == "finished" else {self.state: self.error}
        return card(f"Run {self.folder.name}", words | {"seed": self.seed} | ends | shown | {"folder": self.folder})


def rules_of(given: RuleChoice) -> Rules | None:
    """Rules by the name of an option, by words or as objects by name; anything else is refused where it is used."""
    from ltgnn.inference.rule_engine import Rules

    if isinstance(given, Mapping):
        return Rules(given)
    if not isinstance(given, Sequence):
        return given
    from ltgnn.config.composing import compose_rules

    with ONE_AT_A_TIME, hydra_put_back():
        return Rules(compose_rules([f"rules={given}"] if isinstance(given, str) else list(given)))
