"""Data sets for Python: from frames, from the catalogue, from a folder; and the words that name them in a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from omegaconf import DictConfig
from torch import Tensor

from ltgnn.build import build_dataset
from ltgnn.config.composing import compose_config
from ltgnn.experiment.frames import Frame
from ltgnn.experiment.option_words import Overrides, override_words
from ltgnn.experiment.process_state import ONE_AT_A_TIME, hydra_put_back, only_errors
from ltgnn.experiment.target import later_wins, named_data
from ltgnn.io.notebook import card
from ltgnn.types import Dataset as CleanedDataset
from ltgnn.types import Split, UserError

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData


@dataclass(frozen=True, repr=False)
class Dataset(CleanedDataset):
    """A data set as read and cleaned, before any split, and where the command line finds it.

    ``parts`` is ``{"all": ...}``, or official parts (``train``, ``val``, ``test``) over the same users and items. Made
    by ``Dataset.from_frames`` and ``ltgnn.load_dataset``.
    """

    overrides: tuple[str, ...] = ()  # what names it in a command: data=ml100k, or data=processed data.files.path=...

    @property
    def folder(self) -> Path | None:
        """The folder with its tables, where it is one that ltgnn wrote."""
        return next(
            (Path(word.partition("=")[2].strip('"')) for word in self.overrides if word.startswith("data.files.path=")),
            None,
        )

    @classmethod
    def from_frames(
        cls,
        interactions: Frame | Mapping[str, Frame],
        items: Frame | None = None,
        *,
        name: str = "data",
        user: str | None = None,
        item: str | None = None,
        time: str | None = None,
        rating: str | None = None,
        weight: str | None = None,
        event: str | None = None,
        event_weights: Mapping[str, float] | None = None,
        item_key: str | None = None,
        fields: Sequence[str] | Mapping[str, str] | None = None,
        numbers: Sequence[str] | Mapping[str, str] | None = None,
        event_fields: Sequence[str] | Mapping[str, str] | None = None,
        time_format: str | None = None,
        min_rating: float | None = None,
        user_core: int | None = None,
        item_core: int | None = None,
        repeats: Literal["first", "last", "sum"] | None = None,
        keep_untouched: bool = False,
        keep_unknown: bool = False,
        first_counts: bool = False,
        drop_incomplete: bool = False,
    ) -> Dataset:
        """A data set from a frame of interactions and, where there is one, a frame of items.

        The frames go through the reader and the cleaning of ``ltgnn data import``; what comes out is kept below
        LTGNN_DATA (``frames/NAME-HASH``), so that splits, numbers and the shell command of a run are those of the
        command line.

        Args:
            interactions: A row for each event: pandas, polars, pyarrow, or a dict of columns. ``{"train": frame,
                "test": frame}``, with ``"val"`` where there is one, gives official parts.
            items: A row for each item.
            name: What the data set is called in results.
            user, item, time, rating: Columns of ``interactions``. None: by the usual names (``user_id``, ``userId``,
                ``customer_id`` ...; ``item_id``, ``movieId``, ``product_id`` ...; ``timestamp``, ``date`` ...). Ids are
                texts or whole numbers, times numbers, dates or texts (``time_format``).
            weight: Column with the strength of an event; rows at 0 are left out. None: all 1.
            event: Column with the kind of event, such as click or purchase.
            event_weights: What a row with each of its values is worth: ``{"click": 1, "purchase": 5}``; 0 leaves such
                rows out. Weights of a repeated pair are added up.
            item_key: Column of ``items`` with the ids; None: as ``item``, else by the usual names.
            fields, numbers: Columns of ``items``, or ``{name: column}``, that are texts and numbers. Both None: columns
                of text and columns of numbers.
            event_fields: Columns of ``interactions``, or ``{name: column}``, with the channel, store or device of each
                event. Of a pair that occurs again they are those of the row that stays (``repeats``).
            time_format: Of times given as text, such as ``"%Y-%m-%d %H:%M:%S"``; None: ISO 8601.
            min_rating: Rows rated below are left out.
            user_core, item_core: Minimum of interactions per user and item (k-core).
            repeats: What stays of a pair that occurs again; None: the sum of the weights, or the first.
            keep_untouched: Keep items without an interaction, to be ranked by their features.
            keep_unknown: Keep items that have no row in ``items``.
            first_counts: Of rows of ``items`` with the same id the first counts, instead of being an error.
            drop_incomplete: Leave out rows without an id instead of stopping there.

        Raises:
            UserError: A column that is not there or cannot be guessed (it names those that are), a value that does not
                fit its column (it names the row), nothing left after cleaning.

        Examples:
            >>> import ltgnn
            >>> events = {"userId": ["a", "a", "b", "b"], "movieId": [1, 2, 2, 3]}
            >>> ltgnn.Dataset.from_frames(events, {"movieId": [1, 2, 3], "title": ["x", "y", "z"]}, name="tiny")
            Dataset('tiny': 2 users, 3 items, 4 interactions; fields: title)
        """
        from ltgnn.experiment.frame_import import FrameColumns, import_frames, named_weights

        columns = FrameColumns(user, item, time, rating, weight, event, item_key, fields, numbers, event_fields)
        reading = {
            "time_format": time_format, "keep_unknown": keep_unknown, "first_counts": first_counts,
            "drop_incomplete": drop_incomplete,
            "event_weights": None if event_weights is None else named_weights(event_weights),
        }  # fmt: skip
        cleaning: dict[str, Any] = {
            "min_rating": min_rating, "user_core": user_core, "item_core": item_core, "repeats": repeats,
            "keep_unseen_items": keep_untouched or None,
        }  # fmt: skip
        folder = import_frames(interactions, items, name, columns, reading, cleaning)
        with only_errors("ltgnn.data.catalog"):  # what is to be said was said of the frames
            return load_words(named_data(str(folder), name))

    @classmethod
    def from_pyg(
        cls,
        data: HeteroData,
        *,
        name: str = "data",
        user: str = "user",
        item: str | None = None,
        interactions: str | None = None,
        rating: str | None = None,
        time: str | None = None,
        weight: str | None = None,
    ) -> Dataset:
        """A data set from a graph of torch-geometric, one of ``to_pyg`` or of PyG's own data sets.

        All nodes stay and keep their numbers. It is kept below LTGNN_DATA (``pyg/NAME-HASH``).

        Args:
            data: With ``edge_index`` from users to items. ``edge_label_index`` is the test part, and
                ``val_edge_label_index`` validation. Of other edges those from items become relations.
            name: What the data set is called in results.
            user, item: Node types. item None: the only one that users have edges to.
            interactions: Edge type between them, its middle name. None: the only one.
            rating, time, weight: Edge attributes. None: no rating, ``time`` and ``edge_weight`` where they are there.

        Raises:
            UserError: Types or attributes that are not there (it names those that are), numbers out of range.

        Examples:
            >>> import torch, ltgnn
            >>> from torch_geometric.data import HeteroData
            >>> data = HeteroData()
            >>> data["user"].num_nodes, data["book"].num_nodes = 2, 3
            >>> data["user", "rates", "book"].edge_index = torch.tensor([[0, 0, 1], [0, 2, 2]])
            >>> ltgnn.Dataset.from_pyg(data, name="tiny")
            Dataset('tiny': 2 users, 3 items, 3 interactions)
        """
        from ltgnn.data.hetero_raw import HeteroNames
        from ltgnn.experiment.pyg_import import import_hetero_data

        names = HeteroNames(user, item, interactions, rating, time, weight)
        with only_errors("ltgnn.data.catalog"):
            return load_words(named_data(str(import_hetero_data(data, names, name)), name))

    def to_pyg(self, split: Split | None = None, features: Tensor | str | None = None) -> HeteroData:
        """The data set as ``torch_geometric.data.HeteroData``, for PyG's loaders, transforms and models.

        Args:
            split: Whose train part are the edges; None: all interactions, or the official train part. Held-out pairs
                are ``edge_label_index`` (test) and ``val_edge_label_index``, over which no message passes.
            features: ``x`` of the items, [I, D]: a matrix, or the name of vectors that came with the data.

        Returns:
            Node types ``user``, ``item`` and those of the relations, with ``raw_id``; edge types
            ``("user", "interacts", "item")``, ``("item", TYPE, KIND)`` and their reverse (``rev_``); ``time`` and
            ``edge_weight`` of interactions that have them (``ltgnn.data.hetero_data``).

        Raises:
            UserError: Fields or relations called like an attribute of HeteroData; features of another size.
        """
        from ltgnn.data.export import parts_of
        from ltgnn.data.hetero_data import to_hetero_data

        return to_hetero_data(self, None if split is None else parts_of(split), features)

    def _repr_html_(self) -> str:
        texts, numbers = ", ".join(self.item_fields), ", ".join(self.item_numbers)
        rows = {"users": f"{self.num_users:,}", "items": f"{self.num_items:,}"}
        rows |= {f"interactions, {part}": f"{len(pairs):,}" for part, pairs in self.parts.items()}
        rows |= {"text of items": texts, "numbers of items": numbers}
        return card(f"Data set {self.name}", {key: text for key, text in rows.items() if text})


def load_dataset(name: str | Path, overrides: Overrides = ()) -> Dataset:
    """A data set of the catalogue, or a folder that ``ltgnn data import`` or ``ltgnn data split`` wrote.

    Args:
        name: ``"ml100k"`` (``ltgnn data fetch`` lists the catalogue), or the folder.
        overrides: Keys of the data: ``{"data.cleaning.user_core": 5}``.

    Raises:
        UserError: No such name (with the nearest) or folder; files that are not there, or not the published ones.

    Examples:
        >>> import ltgnn
        >>> ltgnn.load_dataset("ml100k")
        Dataset('ml-100k': 943 users, 1,682 items, 100,000 interactions; fields: title, year, genres)
    """
    return load_words(later_wins(data_words(name), override_words(overrides)))


def load_words(words: Sequence[str]) -> Dataset:
    """The data set that these words of a command name."""
    with ONE_AT_A_TIME, hydra_put_back():
        cfg = compose_config("train", words, only=("data",))
    return read_dataset(cfg, words)


def read_dataset(cfg: DictConfig, words: Sequence[str]) -> Dataset:
    """The data set of a configuration; ``words``: what names it in a command."""
    found = build_dataset(cfg)
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    return Dataset(**values, overrides=tuple(words))


def data_words(data: Dataset | str | Path) -> list[str]:
    """The words that name a data set in a command."""
    if isinstance(data, CleanedDataset):
        if not isinstance(data, Dataset) or not data.overrides:
            raise UserError(
                f"data={data!r}: a data set that no command can name; make it by ltgnn.Dataset.from_frames or "
                "ltgnn.load_dataset."
            )
        return list(data.overrides)
    if not isinstance(data, str | Path):
        raise UserError(
            f"data: {type(data).__name__} given; a data set, a name of the catalogue or a folder wanted. A frame "
            "becomes a data set by ltgnn.Dataset.from_frames(interactions, items)."
        )
    return named_data(str(data))
