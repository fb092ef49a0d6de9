"""Value types and protocols that every room shares; the legend of shapes.

Legend: ``U`` users, ``I`` items, ``N = U + I`` nodes (users first), ``E`` train edges, ``d`` width,
``D`` width of the item features, ``B`` batch, ``S`` negatives, ``L`` layers, ``K`` list length.

Imports torch and the standard library only, so that each room can import it and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn


class UserError(Exception):
    """An error that the user can fix.

    The message names what was given, what was expected, and the option, file or line to fix. The command
    line prints only the message, without a traceback, and exits with code 1.
    """


class Damaged(UserError):
    """A file of a run, an export or a cache that is missing, cut short, not of its format or of another version.

    The message names the folder and the file. Commands that read many folders skip this one and continue.
    """


def in_short(value: object) -> str:
    """What an attribute holds, in a few words: a tensor by its shape, a list or dict by its length.

    Examples:
        >>> in_short(torch.zeros(2, 3)), in_short(["a"] * 1000), in_short({"a": 1}), in_short("title")
        ('float32[2, 3]', '1,000 entries', '1 entry', "'title'")
    """
    if isinstance(value, Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:59]}…")
    if isinstance(value, Mapping | Sequence) and (not isinstance(value, tuple) or type(value) is tuple):
        return "1 entry" if len(value) == 1 else f"{len(value):,} entries"
    text = repr(value)
    return text if len(text) <= 120 else f"{type(value).__name__}(…)"


def short_repr(self: Any) -> str:
    """``__repr__`` of values that hold tensors and long lists: the class, and each field in short."""
    names: Sequence[str] = [one.name for one in fields(self)] if is_dataclass(self) else self._fields
    return f"{type(self).__name__}({', '.join(f'{name}={in_short(getattr(self, name))}' for name in names)})"


@dataclass(frozen=True)
class EventField:
    """What is known of the event of each pair, such as its channel, store or device."""

    codes: Tensor  # [E] int32, position in ``values``
    values: tuple[str, ...]  # unique; UNKNOWN where the event has none

    def select(self, rows: Tensor) -> EventField:
        """The field of some pairs."""
        return EventField(self.codes[rows], self.values)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Pairs of each value, in the order of ``values``."""
        found = torch.bincount(self.codes, minlength=len(self.values)).tolist()
        return dict(zip(self.values, found, strict=True))


UNKNOWN = "unknown"
"""Value of an event's field where the table has none."""


@dataclass(frozen=True)
class Interactions:
    """User-item pairs with ids ``0..U-1`` and ``0..I-1``; no pair occurs twice.

    Those of a ``Split`` are int64. In a ``Dataset`` as it was read they are int32, because they are most of a large
    one; cast to int64 (``.long()``) before arithmetic, or sums and products past 2^31 - 1 overflow silently.
    """

    users: Tensor  # [E] int64; int32 as read
    items: Tensor  # [E] int64; int32 as read
    num_users: int
    num_items: int
    times: Tensor | None = None  # [E] float64, seconds or positions; larger is later
    weights: Tensor | None = None  # [E] float32, strength of the event; None: all 1
    fields: Mapping[str, EventField] = field(default_factory=dict)  # name -> what is known of each event

    def __repr__(self) -> str:
        more = "".join(f", {name}" for name in ("times", "weights") if getattr(self, name) is not None)
        return f"Interactions({len(self):,} of {self.num_users:,} users and {self.num_items:,} items{more})"

    def __len__(self) -> int:
        return self.users.numel()

    def __deepcopy__(self, memo: dict[int, Any]) -> Interactions:
        """Itself: nothing changes a value, and the pairs of a large set need not be there twice."""
        return self

    @property
    def keys(self) -> Tensor:
        """One int64 per pair, ``user * I + item``, in the order of the pairs.  [E]"""
        return (self.users.long() * self.num_items).add_(self.items)

    @cached_property
    def item_counts(self) -> Tensor:
        """Interactions per item.  [I] int64"""
        return torch.bincount(self.items, minlength=self.num_items)

    @cached_property
    def user_counts(self) -> Tensor:
        """Interactions per user.  [U] int64"""
        return torch.bincount(self.users, minlength=self.num_users)

    @cached_property
    def by_user(self) -> tuple[Tensor, Tensor]:
        """CSR by user: offsets [U + 1] and the items of each user, ascending [E]; both int64, to index with."""
        order = torch.argsort(self.keys)
        offsets = torch.zeros(self.num_users + 1, dtype=torch.int64)
        offsets[1:] = torch.cumsum(self.user_counts, 0)
        return offsets, self.items[order].long()

    def wide(self) -> Interactions:
        """The same pairs with int64 ids."""
        if self.users.dtype == self.items.dtype == torch.int64:
            return self
        return replace(self, users=self.users.long(), items=self.items.long())

    def select(self, rows: Tensor) -> Interactions:
        """The pairs named by a boolean mask [E] or by row numbers, in that order."""

        def pick(column: Tensor | None) -> Tensor | None:
            return None if column is None else column[rows]

        return Interactions(
            self.users[rows],
            self.items[rows],
            self.num_users,
            self.num_items,
            pick(self.times),
            pick(self.weights),
            {name: column.select(rows) for name, column in self.fields.items()},
        )

    def field_of(self, name: str, option: str) -> EventField:
        """The field ``name`` of the events; ``UserError`` with the fields there are, for ``option``, which named it."""
        if name not in self.fields:
            there = f"there are: {', '.join(self.fields)}" if self.fields else "the data have none"
            raise UserError(
                f"{option}={name}: no such field of events; {there}. Name its column when the data are read: "
                f"+data.reader.event_fields.{name}=COLUMN (ltgnn data import: --event-field {name}=COLUMN)."
            )
        return self.fields[name]


ITEM = "item"
"""``Relation.kind`` where items are related to items."""


@dataclass(frozen=True)
class Relation:
    """Edges of one type from items to what they are related to: attributes, entities, or other items.

    The type is the name that ``Dataset.relations`` has for it. Relations to the same ``kind`` number its members alike,
    so that a person who acts and directs is one node. ``UserError`` for a number that is out of range.
    """

    items: Tensor  # [M] int64, 0 .. I - 1
    others: Tensor  # [M] int64, 0 .. num_others - 1
    num_others: int  # members of the kind, with and without an edge
    kind: str  # what the others are: "brand", "person" ...; "item": the others are items, num_others is I
    other_ids: Sequence[str] = ()  # raw ids of the others; empty: not known, or items

    def __post_init__(self) -> None:
        if self.items.shape != self.others.shape or self.items.dim() != 1:
            raise UserError(
                f"relation to {self.kind}: items {list(self.items.shape)} and others {list(self.others.shape)} given, "
                "one number of each for every edge wanted."
            )
        if len(self) and not (int(self.others.min()) >= 0 and int(self.others.max()) < self.num_others):
            raise UserError(
                f"relation to {self.kind}: numbers from {int(self.others.min())} to {int(self.others.max())} given, "
                f"0 to {self.num_others - 1} wanted (num_others={self.num_others})."
            )

    def __len__(self) -> int:
        return self.items.numel()

    def renumber_items(self, numbers: Tensor) -> Relation:
        """The relation after items got new numbers: ``numbers`` [I] int64, -1 for items that are gone.

        Edges of items that are gone go with them; entities keep their numbers.
        """
        items, others, num_others = numbers[self.items], self.others, self.num_others
        if self.kind == ITEM:
            others, num_others = numbers[others], int((numbers >= 0).sum())
        kept = (items >= 0) & (others >= 0)
        return replace(self, items=items[kept], others=others[kept], num_others=num_others)


@dataclass(frozen=True)
class Dataset:
    """A data set as read and cleaned, before any split.

    ``parts`` is ``{"all": ...}``, or the official ``{"train": ..., "test": ...}`` with ``"val"`` where one is
    published. All parts share the same users and items.
    """

    name: str
    parts: Mapping[str, Interactions]
    user_ids: Sequence[str]  # U raw ids
    item_ids: Sequence[str]  # I raw ids
    item_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column -> I texts, "" where missing
    item_numbers: Mapping[str, Tensor] = field(default_factory=dict)  # column -> [I] float32, nan where missing
    item_vectors: Mapping[str, Tensor] = field(default_factory=dict)  # name -> [I, D] features that came with the data
    user_fields: Mapping[str, Sequence[str]] = field(default_factory=dict)  # column -> U texts, "" where missing
    relations: Mapping[str, Relation] = field(default_factory=dict)  # type -> edges of the items, for graph parts
    images: Mapping[str, Path] = field(default_factory=dict)  # raw item id -> file, of the items that have one
    card: Mapping[str, Any] = field(default_factory=dict)  # what was read, what left and why; plain values

    def __repr__(self) -> str:
        pairs = sum(len(part) for part in self.parts.values())
        parts_shown = "" if set(self.parts) == {"all"} else f" in {', '.join(self.parts)}"
        names = [*self.item_fields, *self.item_numbers, *self.item_vectors]
        shown = f"{', '.join(names[:8])}{' ...' if len(names) > 8 else ''}"
        size = f"{self.num_users:,} users, {self.num_items:,} items, {pairs:,} interactions{parts_shown}"
        return f"Dataset({self.name!r}: {size}{f'; fields: {shown}' if names else ''})"

    @property
    def num_users(self) -> int:
        """U"""
        return len(self.user_ids)

    @property
    def num_items(self) -> int:
        """I"""
        return len(self.item_ids)


@dataclass(frozen=True)
class Split:
    """Train, validation and test pairs with int64 ids; disjoint, over the same users and items."""

    train: Interactions
    val: Interactions  # empty only in recipes that state it
    test: Interactions
    name: str  # the protocol, as text: "random per user 80/10/10, seed 0"
    ordered: str = ""  # "global", "user": train is before val, val before test, over all or within each user

    def __repr__(self) -> str:
        sizes = ", ".join(f"{part} {len(getattr(self, part)):,}" for part in ("train", "val", "test"))
        return f"Split({self.name!r}: {sizes})"

    def __post_init__(self) -> None:
        for part in ("train", "val", "test"):
            object.__setattr__(self, part, getattr(self, part).wide())

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the exact pairs of each part; the order of the pairs does not matter."""
        digest = hashlib.sha256(f"{self.train.num_users} {self.train.num_items}".encode())
        for part in (self.train, self.val, self.test):
            digest.update(b"|" + torch.sort(part.keys).values.numpy().tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Groups:
    """A partition of the items by train counts, made once and used everywhere.

    ``names`` runs from popular to rare and ends with ``"cold"`` (no train interaction). Groups of users and of
    held-out pairs are the same kind of value, with other labels and names.
    """

    policy: str  # "items20", "mass", ...
    names: tuple[str, ...]
    labels: Tensor  # [I] int8 (users: [U], held-out pairs: [E]), index into names
    rule: str  # the policy as text, shown with every number

    def __repr__(self) -> str:
        return f"Groups({self.policy!r}: {', '.join(f'{name} {size:,}' for name, size in self.sizes.items())})"

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Items per group, in the order of ``names``."""
        counts = torch.bincount(self.labels.long(), minlength=len(self.names)).tolist()
        return dict(zip(self.names, counts, strict=True))


@runtime_checkable
class EventGrouping(Protocol):
    """A policy that groups held-out pairs by what is known of their events (``eval.event_groups``)."""

    def group_events(self, held_out: Interactions, train: Interactions) -> Groups:
        """Groups whose labels [E] are those of the held-out pairs."""
        ...


@runtime_checkable
class UserGrouping(Protocol):
    """A policy that groups users by more than their number of train interactions (``eval.user_groups``)."""

    def group_users(self, train: Interactions, user_fields: Mapping[str, Sequence[str]]) -> Groups:
        """Groups whose labels [U] are those of the users."""
        ...


class Block(NamedTuple):
    """One kind of features among those side by side: its columns, and the items that have it."""

    columns: slice  # of [I, D]
    known: Tensor  # [I] bool; False: no text, no image, no number ...

    def __repr__(self) -> str:
        return short_repr(self)


class Features(NamedTuple):
    """Text (or other side) features of all items and the card that says where they come from."""

    values: Tensor  # [I, D] float32
    card: dict[str, Any]  # key, encoder, template, dimensions ...; plain values
    blocks: Mapping[str, Block] = {}  # by name, in the order of the columns; nothing changes it. Empty: not known

    def __repr__(self) -> str:
        return short_repr(self)


@runtime_checkable
class BlockReader(Protocol):
    """A part that treats each kind of features separately: where it is built it is told which columns are of which.

    Untold, it takes all columns as one kind.
    """

    def with_blocks(self, blocks: Mapping[str, Block]) -> Any:
        """The same part for features with these ``blocks`` side by side (``Features.blocks``)."""
        ...


class Batch(NamedTuple):
    """Train pairs and their negatives."""

    users: Tensor  # [B] int64
    pos: Tensor  # [B] int64
    neg: Tensor  # [B, S] int64; S may be 0 (in-batch losses)
    proposal: Tensor | None = None  # [I] chance of each item in one draw of the sampler; None: it has no such table
    user_nodes: Tensor | None = None  # [n] numbers in the data of the users, if the batch counts them anew
    item_nodes: Tensor | None = None  # [m] of the items

    def __repr__(self) -> str:
        return short_repr(self)

    def user_numbers(self, users: Tensor) -> Tensor:
        """The numbers in the data of ``users`` as the batch counts them, such as its own; same shape."""
        return users if self.user_nodes is None else self.user_nodes[users]

    def item_numbers(self, items: Tensor) -> Tensor:
        """The same of ``items``, such as ``pos``."""
        return items if self.item_nodes is None else self.item_nodes[items]

    def of_users(self, table: Tensor) -> Tensor:
        """The rows of a ``table`` [U, ...] of all users for those that the batch counts.  [n, ...]"""
        return table if self.user_nodes is None else table[self.user_nodes]

    def of_items(self, table: Tensor) -> Tensor:
        """The rows of a ``table`` [I, ...] of all items for those that the batch counts.  [m, ...]"""
        return table if self.item_nodes is None else table[self.item_nodes]


class Columns(Protocol):
    """The processes among which the columns of all states are shared (``ltgnn/tensors/sharded_columns.py``)."""

    def sum(self, part: Tensor) -> Tensor:
        """Sum over the processes of what each has of its own columns, same shape; differentiable."""
        ...

    def gather(self, part: Tensor) -> Tensor:
        """All columns [n, d] of a table [n, d / R], in process 0; the others keep their part."""
        ...


class Encoded(NamedTuple):
    """What an encoder makes of the graph."""

    users: Tensor  # [U, d]
    items: Tensor  # [I, d]
    layers: tuple[Tensor, ...]  # (L + 1) x [N, d], layer 0 first
    content: Tensor | None = None  # [I, d] projected item features, where the fusion has them
    known: Tensor | None = None  # [I] bool, items that the model can score; None: not computed, or all
    columns: Columns | None = None  # who has the others, where this process has d / R of the columns; None: it has all

    def __repr__(self) -> str:
        return short_repr(self)


class TopK(NamedTuple):
    """Recommendation lists; -1 (score -inf) fills a list that is longer than the candidates."""

    users: Tensor  # [n] int64, ascending
    items: Tensor  # [n, K] int64, best first, ties by smaller item id
    scores: Tensor  # [n, K] float32

    def __repr__(self) -> str:
        return short_repr(self)


class Evaluation(NamedTuple):
    """Numbers of one part (val or test), aggregate and per user."""

    values: dict[str, float]  # "ndcg@20", "items20/tail/ndcg@20", "coverage@20" ...
    per_user: dict[str, Tensor]  # same names -> [n] float64, nan where the user has no such item
    lists: TopK

    def __repr__(self) -> str:
        return short_repr(self)


@runtime_checkable
class Metric(Protocol):
    """A function of what was recommended, with what is to be known of it (``ltgnn/evaluation/metric.py``)."""

    name: str
    per_user: bool  # one number per user [n], not one for all
    smaller_is_better: bool

    @property
    def formula(self) -> str:
        """Formula and source, in a sentence."""
        ...

    def __call__(self, *args: Any, **options: Any) -> Any: ...


SparseScores: TypeAlias = Callable[[Tensor], Any]
"""Users [B] -> scores that are not 0, scipy CSR [B, I] float32, columns in any order."""


class Scorer:
    """All that evaluation and serving need of a model: scores of all items for some users, and which can be listed.

    A subclass gives ``scores``; further abilities are declared by overriding the other members, each of which has a
    default. A plain function ``users [B] -> scores [B, I]`` becomes one by ``as_scorer``.
    """

    candidates: Tensor | None = None
    """Items that may be listed, on the CPU.  [I] bool; None: all. Evaluation counts the held-out pairs on others."""

    @abstractmethod
    def scores(self, users: Tensor) -> Tensor:
        """``users`` [B] int64 -> scores [B, I]. An item at -inf is not a candidate for the user."""
        raise NotImplementedError

    def __call__(self, users: Tensor) -> Tensor:
        return self.scores(users)

    def scores_into(self, users: Tensor, out: Tensor) -> Tensor:
        """The scores, in the memory of ``out`` [B, I] float32 if the scorer can write there, which is faster."""
        return self.scores(users)

    def scores_of(self, users: Tensor, items: Tensor) -> Tensor:
        """Scores of some items, all of them for each of the users.  [B], [n] int64 -> [B, n]"""
        return self.scores(users)[:, items]

    @property
    def sparse_scores(self) -> SparseScores | None:
        """Gives the scores that are not 0 of some users, where nearly all are 0; None: they are not."""
        return None

    @property
    def item_weights(self) -> Any | None:
        """Sparse weights between items, scipy CSR [I, I], where the score sums them over the user's history."""
        return None

    def with_histories(self, train: Interactions) -> Scorer:
        """The same weights between items for the users' histories in ``train``; ``UserError`` where there are none."""
        raise UserError(f"the scores of {self.label} are not sums over a user's history. Set loss.ranking.folds=1.")

    def unmasked(self) -> Scorer:
        """Scores of all items, candidates or not: to be added to those of another scorer that may know more."""
        return self

    @property
    def factors(self) -> tuple[Tensor, Tensor] | None:
        """Users [U, d] and items [d, I] whose inner products are the scores; None: they are something else."""
        return None

    @property
    def item_bias(self) -> Tensor | None:
        """The scores [I], where they are the same for every user; None: they are not."""
        return None

    def terms(self) -> Sequence[tuple[float, Scorer]] | None:
        """Factors and scorers of which this one is the sum; None: it is not a sum of others."""
        return None

    def history_terms(self, user: int, item: int) -> tuple[Tensor, Tensor] | None:
        """Train items of the user [n], and what each adds to the score of ``item`` [n] float64; None: not known."""
        return None

    def named_terms(self, user: int, item: int) -> Mapping[str, float] | None:
        """Summands of the score of ``item`` that belong to no item of the history, by name; None: not known."""
        return None

    @property
    def label(self) -> str:
        """What this part of a score is called in an explanation: the class in words."""
        return re.sub(r"(?<!^)(?=[A-Z])", " ", type(self).__name__).lower()


class FunctionScorer(Scorer):
    """A plain function as a scorer: every item is a candidate, and nothing else is known of it."""

    label = "function"

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self.function = function

    def scores(self, users: Tensor) -> Tensor:
        return self.function(users)


def as_scorer(given: Scorer | Callable[[Tensor], Tensor]) -> Scorer:
    """The scorer itself, or a plain function ``users [B] -> scores [B, I]`` as one."""
    return given if isinstance(given, Scorer) else FunctionScorer(given)


class PartEvaluator(Protocol):
    """Evaluates scorers on one part."""

    def __call__(self, scorer: Scorer, device: str | torch.device = "cpu", monitor: str | None = None) -> Evaluation:
        """``device``: where the scorer expects its users; ``monitor``: the one value that has to be there."""
        ...

    def smaller(self, name: str) -> bool:
        """Whether less of a value is better."""
        ...

    @property
    def smaller_is_better(self) -> Sequence[str]:
        """Names of the metrics of which less is better, without list lengths and groups."""
        ...


@runtime_checkable
class GroupingEvaluator(Protocol):
    """A ``PartEvaluator`` that says by which groups of users and of held-out pairs it evaluates."""

    @property
    def group_record(self) -> Mapping[str, Mapping[str, Any]]:
        """``user_groups`` and ``event_groups``, where there are any: policy -> rule and sizes; plain values."""
        ...


@dataclass(frozen=True)
class Problem:
    """What a model is trained on: the same for every model of a sweep."""

    dataset: Dataset
    split: Split
    groups: dict[str, Groups]
    make_features: Callable[[], Features | None] = field(repr=False)

    @cached_property
    def features(self) -> Features | None:
        """Item features, encoded or found in the store when they are first read; None where there are none."""
        return self.make_features()

    @property
    def group_card(self) -> dict[str, Any]:
        """Rule and sizes of each policy, for the record."""
        return {name: {"rule": g.rule, "sizes": g.sizes} for name, g in self.groups.items()}

    def record(self, split: Split, evaluators: Mapping[str, PartEvaluator]) -> dict[str, Any]:
        """For metrics.json: the pairs and data behind the numbers, the groups, and of which metrics less is better.

        Groups of users and of held-out pairs are those of the test part.
        """
        other: dict[str, Any] = {}
        for evaluator in evaluators.values():
            if isinstance(evaluator, GroupingEvaluator):
                other |= evaluator.group_record
        return {
            **other,
            "fingerprint": split.fingerprint,
            "data_sha256": self.dataset.card.get("sha256"),
            "groups": self.group_card,
            "smaller_is_better": sorted({name for e in evaluators.values() for name in e.smaller_is_better}),
        }

    @property
    def feature_matrix(self) -> Tensor | None:
        """Item features [I, D]; None where there are none."""
        return None if self.features is None else self.features.values


@dataclass(frozen=True)
class Term:
    """One summand of a score: ``value`` is the sum of ``by``."""

    item: int | None  # of the user's history; None: none in particular
    name: str  # where it is not an item
    by: dict[str, float]

    @property
    def value(self) -> float:
        """The sum of ``by``."""
        return sum(self.by.values())


class LinearTerms(Protocol):
    """The inner product of a user's and an item's state as a sum, for ``ltgnn explain``."""

    @property
    def note(self) -> str:
        """A sentence shown with the terms; may be empty."""
        ...

    def terms(self, user: int, item: int) -> list[Term]:
        """Terms that sum to the score, in float64; those of ``message_terms.py`` come near it."""
        ...


@runtime_checkable
class KindTerms(Protocol):
    """The same inner product as a sum over what is known of the item: its id, and each kind of its features."""

    def kind_terms(self, user: int, item: int, columns: Mapping[str, slice]) -> list[Term] | None:
        """A term for each, named by it, in two parts: ``DIRECT``, and ``NEIGHBOURS``. None: features are no such sum.

        ``columns``: kind -> its columns of the features.
        """
        ...


DIRECT, NEIGHBOURS = "direct", "neighbours"
"""Parts of a term of ``KindTerms``: by the item's first state, and by states that it receives over the graph."""


Perturb = Callable[[Tensor, int], Tensor]
"""``(node states [N, d], layer number 1..L) -> node states [N, d]``: noise added by a view."""


def identity(states: Tensor, layer: int) -> Tensor:
    """The perturbation that changes nothing."""
    return states


class EdgeRule(NamedTuple):
    """How the weights of a graph's edges come about, where each follows from its pair and the degrees of its ends."""

    strength: Tensor  # [E] float64, of the train pairs
    normalisation: Callable[[Tensor, Tensor], Tensor]  # degrees of receiver and sender [m] -> message weight [m]
    message: Callable[[Tensor], Tensor] | None  # what a node sends of its state [N, d]; None: the state
    strength_of: Callable[[Interactions], Tensor] | None = None  # of new pairs [m] float64; None: 1 each


class MessageEdges(NamedTuple):
    """The messages of one step of a graph, one a column, by receiver: what PyG calls ``edge_index``."""

    edge_index: Tensor  # [2, M] int64, sender and receiver
    weights: Tensor  # [M] of the messages, normalised
    unequal: bool  # whether edges differ in strength, so that the weights are more than a normalisation

    def __repr__(self) -> str:
        return short_repr(self)


EdgeMetadata: TypeAlias = tuple[list[str], list[tuple[str, str, str]]]
"""Kinds of nodes, and types of edges as sender, name and receiver: the ``metadata`` of PyG's ``HeteroData``."""


class TypedEdges(NamedTuple):
    """The messages of a graph, type by type: interactions to users and to items, and each relation both ways."""

    rows: Tensor  # [m] int64, receivers
    columns: Tensor  # [m] int64, senders
    starts: tuple[int, ...]  # where each type begins, and m at the end
    types: tuple[tuple[str, str, str], ...]  # of each: kind of the senders, name, kind of the receivers
    sizes: Mapping[str, int]  # how many nodes of each kind, in the order of the nodes: user, item, kinds of entities

    @property
    def metadata(self) -> EdgeMetadata:
        """Kinds of nodes and types of edges, each direction one."""
        return list(self.sizes), list(self.types)


class Graph:
    """A normalised user-item graph of ``N = U + I`` nodes, users first.

    A subclass gives ``propagate``; by default the other abilities are absent. ``build.py`` calls it, ``_partial_`` in
    its yaml, with ``(train, features=)``, and with ``relations=`` too if it reads them.
    """

    reads_relations: ClassVar[bool] = False
    """Whether its constructor takes ``relations``: those of the data set, by type (``Dataset.relations``)."""

    linear: bool = False
    """Whether ``propagate`` is linear in the states, and acts on each of their columns separately."""

    entities: Tensor | None = None
    """Further nodes, behind the items, which an encoder gives states of their own: whether each is joined to an item
    that has train interactions, so that its state is trained.  [M] bool; None: there are none.

    ``propagate`` and ``layers_at`` then take [N + M, d] as well; states [N, d] are those of entities that send nothing.
    """

    @abstractmethod
    def propagate(self, states: Tensor) -> Tensor:
        """One step of neighbour averaging.  [N, d] -> [N, d]"""
        raise NotImplementedError

    def drop_edges(self, rate: float, generator: torch.Generator) -> Graph:
        """The same graph, normalised anew after dropping each interaction with probability ``rate``."""
        raise UserError(f"views=edge_drop and random_walk: {type(self).__name__} of graph= has no `drop_edges`.")

    def drop_nodes(self, rate: float, generator: torch.Generator) -> Graph:
        """The same graph, normalised anew after each node lost all interactions with probability ``rate``."""
        raise UserError(f"views=node_drop: {type(self).__name__} of graph= has no `drop_nodes`.")

    def layers_at(self, states: Tensor, num_layers: int, nodes: Tensor) -> tuple[Tensor, ...] | None:
        """``states`` and what 1 .. L calls of ``propagate`` make of them, at ``nodes``.  [N, d] -> (L + 1) x [n, d]

        None: not for less than these calls.
        """
        return None

    def messages_to(self, node: int) -> tuple[Tensor, Tensor]:
        """The nodes that ``node`` receives messages from [n] int64, and the weights of their messages [n] float64."""
        raise UserError(f"{type(self).__name__} of graph= has no `messages_to`, so no score of it can be explained.")

    def edges(self) -> MessageEdges:
        """All messages of one step, for convolutions that send their own; ``UserError`` where these would not do."""
        raise UserError(f"model=pyg: {type(self).__name__} of graph= has no `edges`, which a convolution needs.")

    def typed_edges(self) -> TypedEdges | None:
        """Its messages by type, of any weight; None: it does not tell types apart."""
        return None

    def fold_in(self) -> EdgeRule | None:
        """What it takes to add pairs to the graph; None: a new pair changes weights far away from it."""
        return None


Readout = Callable[[Sequence[Tensor]], Tensor]
"""``(L + 1) x [N, d] -> [N, d]``, each node from its own layers only"""


class ItemContent(nn.Module):
    """Item features that are trained with the model."""

    lr: float | None = None
    """The rate of their weights; None: that of all others."""

    @abstractmethod
    def forward(self) -> Tensor:
        """All features as they are now.  [I, D]"""
        raise NotImplementedError

    @abstractmethod
    def read(self, texts: Sequence[str]) -> Tensor:
        """Texts as features.  n strings -> [n, D]"""
        raise NotImplementedError


class Embedding(Protocol):
    """First states of users and items (``models/embedding.py``), as the rest of the house reads them."""

    num_users: int
    num_items: int
    dim: int

    @property
    def features(self) -> Tensor | None:
        """Item features as they are now.  [I, D]"""
        ...

    @property
    def trained_features(self) -> ItemContent | None:
        """What makes the features, where they are trained with the model."""
        ...

    @property
    def tables(self) -> Mapping[str, nn.Parameter]:
        """The tables of ids: ``users`` [U, d], ``items`` [I, d], those that there are."""
        ...

    trained_items: Tensor
    """Items whose id embedding is informative (trained).  [I] bool"""

    @property
    def folds_in(self) -> bool:
        """Whether a new pair changes no first state but those of its item."""
        ...

    @property
    def column_separable(self) -> bool:
        """Whether each column of the first states depends only on the same column of the tables."""
        ...

    @property
    def content_note(self) -> str:
        """What to know where the states are split into ids and content; may be empty."""
        ...

    def cut_columns(self, rank: int, world: int) -> None:
        """Keep only the columns of process ``rank``, ``d / world`` of each table."""
        ...

    def grow(self, name: str, table: Tensor, trained: Tensor) -> Tensor:
        """A trained table ``users`` or ``items`` as it is in this module, which has further rows; marks these.

        ``trained`` [n] bool: which of its rows have been trained.
        """
        ...

    def project(self, features: Tensor) -> Tensor | None:
        """States of content of items with such features.  [n, D] -> [n, d]; None: the features are not projected."""
        ...

    def first_items(self, items: Tensor, features: Tensor | None, counts: Tensor) -> Tensor:
        """First states of some items [n], of which those past the table have an id of 0.  -> [n, d]

        ``features`` [n, D] and train counts [n] of these items.
        """
        ...

    def known_items(self, features: Tensor | None, trained: Tensor | None = None) -> Tensor:
        """Items whose first state is informative.  [I] bool

        ``features`` [I, D]; ``trained`` [I] bool: items with a trained id; None: those of the embedding.
        """
        ...

    def parts(self) -> tuple[Tensor, Tensor]:
        """The first states of all nodes as a sum of what ids and content add.  2 x [N, d]"""
        ...

    def kinds(self, columns: Mapping[str, slice]) -> Mapping[str, Tensor] | None:
        """What content adds as a sum over the kinds of features, by name: [N, d] each; None: it is no such sum.

        ``columns``: kind -> its columns of the features.
        """
        ...


class Encoder(nn.Module):
    """Base of all encoders. A subclass gives ``embedding`` and ``forward``; by default the other abilities are absent.

    Abilities are what other commands use: ``linear_terms`` (``ltgnn explain``), ``fold_in`` (``ltgnn update``),
    ``column_separable`` (``trainer=dim_parallel``), ``at`` (steps on only the batch's nodes).
    """

    reads_features: ClassVar[bool] = False  # itself, in addition to those that the embedding reads
    mixes_columns: ClassVar[bool] = False  # whatever its readout and graph: no column of the states can be apart
    reads_types: ClassVar[bool] = False  # of the edges (``Graph.typed_edges``); it is then built with ``metadata`` too
    reads_edges: ClassVar[bool] = False  # ``Graph.edges``, in place of its ``propagate``
    takes_entities: ClassVar[bool] = False  # as ``Graph.entities``; its embedding then takes ``entities`` as well
    embedding: Embedding

    @abstractmethod
    def forward(self, graph: Graph, perturb: Perturb = identity) -> Encoded:
        """States of all users and items."""
        raise NotImplementedError

    def known_items(self, graph: Graph) -> Tensor:
        """Items that the model can score; the others are not candidates.  [I] bool

        By default those whose first state is informative. A model in which states go over edges between items, or to an
        item without a trained id, knows more.
        """
        return self.embedding.known_items(self.embedding.features)

    def at(self, graph: Graph, batch: Batch) -> tuple[Encoded, Batch] | None:
        """Tables of the batch's n distinct users and m items only, and the batch renumbered accordingly.

        ``layers`` are [n + m, d] each. None: not for less than all nodes on this graph, or with a batch of this size.
        """
        return None

    def prepare_batch(self, batch: Batch) -> Batch:
        """Called with each batch before it is encoded. An encoder whose user states depend on what is to be predicted
        makes the next passes in training encode, as user ``n``, the user of row ``n`` before its positive, and returns
        the batch so numbered. A loss that looks up numbers of its own by user cannot be used with it.
        """
        return batch

    def linear_terms(self, graph: Graph, norm_power: float) -> LinearTerms:
        """The score ``<u, i> |i|^(norm_power - 1)`` as a sum; ``UserError`` with the reason where it is not a sum."""
        raise UserError(
            "it is not known whether this model's score is a sum over the history: give "
            f"{type(self).__name__} a method `linear_terms(graph, norm_power)` (ltgnn.types.Encoder)."
        )

    def message_index(self, graph: Graph) -> Tensor | None:
        """Sender and receiver of the messages that each of its layers sends, in their order, for an explanation by what
        single ones change.  [2, M]; None: its layers are not ``torch_geometric.nn.MessagePassing``, or none."""
        return None

    @classmethod
    def conflicts(cls, given: Mapping[str, Any], graph: Mapping[str, Any]) -> Iterator[str]:
        """A line for each of the configured values that it would refuse, so that this is known before data are loaded.

        ``given``: its own, by parameter, parts in it as ``functools.partial``; ``graph``: the same of the graph. Asked
        of a class that declares ``reads_edges`` or ``reads_types``.
        """
        return iter(())

    def fold_in(self, graph: Graph) -> Readout | None:
        """The readout of the layers x, A x .. A^L x that is all of a pass, so that a new pair changes states near it
        alone; None: a pass is something else."""
        return None

    @property
    def column_separable(self) -> bool:
        """Whether each column of the states depends only on the same column of the tables."""
        return False


class Fusion(Protocol):
    """Makes the item state from ids and item features."""

    def __call__(self, ids: Tensor | None, features: Tensor | None, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        """``ids`` [I, d], ``features`` [I, D], train ``counts`` [I] -> item state [I, d], projected features [I, d]."""
        ...


class Views:
    """The main encoding and the contrastive ones of an encoder."""

    clean: bool = False
    """Whether there are no contrastive encodings, and the main one is the encoder's."""

    changes_graph: bool = False
    """Whether it encodes other graphs than the one given, of which only ``propagate`` is known."""

    @abstractmethod
    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]:
        raise NotImplementedError

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        """Called once an epoch; by default nothing is random."""


class Sampler:
    """Base of all samplers: draws negatives on the device of the batch. A subclass gives ``forward``.

    A default says that there is no table of chances, and that every negative counts. ``ltgnn.sampling.negatives`` has
    one with the table as a buffer, which moves between devices with the module.
    """

    draws: bool = True
    """Whether it draws any; None at all: the loss takes the other positives of the batch."""

    reads_states: bool = False
    """Whether ``narrow`` looks at the states of the model."""

    @property
    def proposal(self) -> Tensor | None:
        """Chance of each item in one draw, before the user's own items are left out.  [I]; None: not known"""
        return None

    def narrow(self, batch: Batch, main: Encoded) -> Batch:
        """The batch with the negatives that count, chosen among those drawn by their scores."""
        return batch

    @abstractmethod
    def __call__(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        """``users`` [B], ``pos`` [B] -> negatives [B, S]."""
        raise NotImplementedError


class Loss:
    """Base of all losses: one named term of the objective, already weighted.

    One that is built from the train part (counts, groups) is ``_partial_`` in its yaml and called once in ``build.py``
    with ``(train, groups)``, the interactions and all groups by policy name. Abilities are attributes, of the class or
    of the object, and default to no.
    """

    local: bool = False
    """It reads the batch's rows of the states and layers alone, so that a batch with its nodes counted anew, and tables
    of these nodes, give the same value for less. Which nodes of the data they are, ``Batch.user_numbers``,
    ``item_numbers``, ``of_users`` and ``of_items`` say."""

    row_separable: bool = False
    """It is a mean over the rows of the batch, each independent of the others, so that processes can share them."""

    column_separable: bool = False
    """It reads the states only through inner products and squared norms, so that tables can be cut by columns among
    processes (``ltgnn/tensors/sharded_columns.py``)."""

    separable_without: ClassVar[str] = ""
    """The option that, where it is false, makes the loss separable by rows and by columns; empty: there is none."""

    needs_projected_features: ClassVar[bool] = False
    """Whether it reads ``Encoded.content``."""

    changes_ranking: bool = False
    """Whether ``at_ranking`` returns another scorer than it was given."""

    takes_features: ClassVar[bool] = False
    """Whether it is also given the item features [I, D] or None, as ``features``, where it is built."""

    trains_cosines: bool = False
    """Whether ``added_scores`` are added to cosines, so that both states are ranked at length 1."""

    @abstractmethod
    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor:
        raise NotImplementedError

    def at_ranking(self, encoded: Encoded, scorer: Scorer) -> Scorer:
        """The scorer of the trained model, for a loss that adjusts it; it scores all items."""
        return scorer

    def added_scores(self) -> Sequence[tuple[float, Scorer]]:
        """Factors and scorers that training added to the model's scores, so that ranking adds them too."""
        return []

    def prepare(self) -> None:
        """Computes once what training needs, such as a closed form: before the first step, while memory is free."""

    def fitted_scores(self) -> Scorer | None:
        """The scores of a closed form that it fitted on the train part, which a run keeps; None: it fitted none."""
        return None

    def take_fitted_scores(self, scorer: Scorer) -> None:
        """Use these, which ``fitted_scores`` gave for the same train part, rather than fit again."""


class TextEncoder:
    """Base of what turns texts into vectors. A subclass gives ``__call__`` and ``identity``."""

    @abstractmethod
    def __call__(self, texts: Sequence[str]) -> Tensor:
        """I strings -> [I, D] float32."""
        raise NotImplementedError

    @property
    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Everything that decides the output (weights' hash, pooling, max length, dtype ...), plain values."""
        raise NotImplementedError

    def queries(self, catalogue: Sequence[str], prompt: str | None = None) -> Callable[[Sequence[str]], Tensor]:
        """The encoder for texts beside those of the ``catalogue``, on which some are fitted.  n strings -> [n, D]

        ``prompt``: what stands before each of them, where the model wants another than before an item.
        """
        return self

    def reading(self, texts: Sequence[str]) -> Mapping[str, Any]:
        """Shares of the texts that are cut and of tokens that are unknown to it; empty: it cannot tell."""
        return {}


@runtime_checkable
class ClosedForm(Protocol):
    """A model that is computed, not trained."""

    @property
    def reads_features(self) -> bool:
        """Whether ``fit`` reads the features. A sweep reuses the fit of a model that does not for other features.

        Such a model is given None. A class without this attribute is refused (``need_closed_form``).
        """
        ...

    def fit(self, train: Interactions, features: Tensor | None) -> Scorer:
        """The scorer of the train pairs; ``features`` [I, D], None where there are none."""
        ...


@dataclass(frozen=True)
class EarlierFit:
    """What an earlier fit left, in the numbers of a catalogue that may have grown since."""

    train: Interactions  # the pairs of the fit
    weights: Any  # of its item-item model, scipy CSR [I, I]
    known: Tensor  # [I] bool, the items that it had

    __repr__ = short_repr


@runtime_checkable
class ColumnRefit(Protocol):
    """A closed form of item weights each column of which is solved without the others."""

    def refit(
        self, train: Interactions, features: Tensor | None, earlier: EarlierFit, tolerance: float
    ) -> tuple[Scorer, int]:
        """The scorer of ``train``, of which columns that hardly change are those of ``earlier``; how many are solved.

        ``tolerance``: how far a column that is kept may be from its solution, in Euclidean norm; 0: not at all.
        """
        ...


def need_closed_form(model: object, option: str) -> ClosedForm:
    """The model itself; ``UserError`` where it is not a closed form."""
    if not isinstance(model, ClosedForm):
        raise UserError(
            f"{option}: {type(model).__name__} is not a closed form. It requires `fit(train, features) -> scorer` and "
            "`reads_features = True`, or False where fit does not read them (ltgnn.types.ClosedForm)."
        )
    return model


Kind = TypeVar("Kind")


def of_kind(part: object, kind: type[Kind], option: str) -> Kind:
    """The part itself; ``UserError`` where it is not derived from the base class of its config group."""
    if not isinstance(part, kind):
        raise UserError(
            f"{option}: {type(part).__name__} given, a subclass of ltgnn.types.{kind.__name__} wanted, which has a "
            "default for all that a part need not be able to do."
        )
    return part
