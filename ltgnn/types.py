"""Value types and protocols that every room shares; the legend of shapes.

Legend: ``U`` users, ``I`` items, ``N = U + I`` nodes (users first), ``E`` train edges, ``d`` width,
``D`` text width, ``B`` batch, ``S`` negatives, ``L`` layers, ``K`` list length.

Imports torch and the standard library only, so that each room can import it and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor


class Mistake(Exception):
    """An error that the user can mend.

    The message names what was given, what was wanted, and the option, file or line to mend. The command
    line prints it alone, without a traceback, and exits with code 1.
    """


class Damaged(Mistake):
    """A file of a run, an export or a cache that is missing, cut short, not of its format or of another version.

    The message names the folder and the file. Commands that read many folders leave this one out and go on.
    """


@dataclass(frozen=True)
class Interactions:
    """User-item pairs with ids ``0..U-1`` and ``0..I-1``; no pair occurs twice.

    Those of a ``Split`` are int64. In a ``Dataset`` as it was read they are int32, because they are most of a large
    one: there sums and products must be taken of ``.long()`` ids, or past 2^31 - 1 they turn negative without a word.
    """

    users: Tensor  # [E] int64; int32 as read
    items: Tensor  # [E] int64; int32 as read
    num_users: int
    num_items: int
    times: Tensor | None = None  # [E] float64, seconds or positions; larger is later
    weights: Tensor | None = None  # [E] float32, strength of the event; None: all 1

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
        )


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
    card: Mapping[str, Any] = field(default_factory=dict)  # what was read, what left and why; plain values

    @property
    def num_users(self) -> int:
        return len(self.user_ids)

    @property
    def num_items(self) -> int:
        return len(self.item_ids)


@dataclass(frozen=True)
class Split:
    """Train, validation and test pairs with int64 ids; disjoint, over the same users and items."""

    train: Interactions
    val: Interactions  # empty only in recipes that say so
    test: Interactions
    name: str  # the protocol, in words: "random per user 80/10/10, seed 0"
    ordered: str = ""  # "global", "user": train is before val, val before test, over all or within each user

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

    ``names`` runs from popular to rare and ends with ``"cold"`` (no train interaction).
    """

    policy: str  # "items20", "mass", ...
    names: tuple[str, ...]
    labels: Tensor  # [I] int8, index into names
    rule: str  # the policy in words, written beside every number

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Items per group, in the order of ``names``."""
        counts = torch.bincount(self.labels.long(), minlength=len(self.names)).tolist()
        return dict(zip(self.names, counts, strict=True))


class Features(NamedTuple):
    """Text (or other side) features of all items and the card that says where they come from."""

    values: Tensor  # [I, D] float32
    card: dict[str, Any]  # key, encoder, template, dimensions ...; plain values


class Batch(NamedTuple):
    """Train pairs and their negatives."""

    users: Tensor  # [B] int64
    pos: Tensor  # [B] int64
    neg: Tensor  # [B, S] int64; S may be 0 (in-batch losses)
    proposal: Tensor | None = None  # [I] chance of each item in one draw of the sampler; None: it has no such table


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
    text: Tensor | None = None  # [I, d] projected text, where the fusion has one
    columns: Columns | None = None  # who has the others, where this process has d / R of the columns; None: it has all


class TopK(NamedTuple):
    """Recommendation lists; -1 (score -inf) fills a list that is longer than the candidates."""

    users: Tensor  # [n] int64, ascending
    items: Tensor  # [n, K] int64, best first, ties by smaller item id
    scores: Tensor  # [n, K] float32


class Evaluation(NamedTuple):
    """Numbers of one part (val or test), aggregate and per user."""

    values: dict[str, float]  # "ndcg@20", "items20/tail/ndcg@20", "coverage@20" ...
    per_user: dict[str, Tensor]  # same names -> [n] float64, nan where the user has no such item
    lists: TopK


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


Scorer = Callable[[Tensor], Tensor]
"""``(users [B] int64) -> scores [B, I]``: all that evaluation needs of a model. An item at -inf is no candidate."""


Perturb = Callable[[Tensor, int], Tensor]
"""``(node states [N, d], layer number 1..L) -> node states [N, d]``: noise added by a view."""


def identity(states: Tensor, layer: int) -> Tensor:
    """The perturbation that changes nothing."""
    return states


class Graph(Protocol):
    """A normalised user-item graph."""

    def propagate(self, states: Tensor) -> Tensor:
        """One step of neighbour averaging.  [N, d] -> [N, d]"""
        ...

    def drop_edges(self, rate: float, generator: torch.Generator) -> Graph:
        """The same graph, normalised anew after dropping each interaction with probability ``rate``."""
        ...


class Encoder(Protocol):
    def __call__(self, graph: Graph, perturb: Perturb = identity) -> Encoded: ...


@runtime_checkable
class HistoryEncoder(Protocol):
    """An encoder whose user states depend on the event to be predicted: what the user did before it."""

    def before(self, batch: Batch) -> Batch:
        """Make the next passes encode, as user ``n``, the user of row ``n`` before its positive; the batch so numbered.

        A loss that looks up numbers of its own by user cannot be used with it.
        """
        ...


@runtime_checkable
class LocalEncoder(Protocol):
    """An encoder that can make the final states of a batch's nodes for less than those of all."""

    def at(self, graph: Graph, batch: Batch) -> tuple[Encoded, Batch] | None:
        """Tables of the batch's n distinct users and m items alone, and the batch with its nodes so numbered.

        ``layers`` are [n + m, d] each. None: not for less on this graph, or with a batch of this size.
        """
        ...


class Fusion(Protocol):
    """Makes the item state from ids and text."""

    def __call__(self, ids: Tensor | None, text: Tensor | None, counts: Tensor) -> tuple[Tensor, Tensor | None]:
        """``ids`` [I, d], ``text`` [I, D], train ``counts`` [I] -> item state [I, d], projected text [I, d]."""
        ...


class Views(Protocol):
    """Turns one encoder into the main encoding and the contrastive ones.

    ``clean = True``: there are no contrastive ones, and the main one is the encoder's.
    """

    def __call__(self, encoder: Encoder, graph: Graph) -> tuple[Encoded, list[Encoded]]: ...

    def resample(self, graph: Graph, generator: torch.Generator) -> None:
        """Called once an epoch."""
        ...


class Sampler(Protocol):
    """Draws negatives on the device of the batch."""

    @property
    def proposal(self) -> Tensor | None:
        """Chance of each item in one draw, before the user's own items are left out.  [I]; None: not known"""
        ...

    def narrow(self, batch: Batch, main: Encoded) -> Batch:
        """The batch with the negatives that count, chosen among those drawn by what the model says of them."""
        ...

    def __call__(self, users: Tensor, pos: Tensor, generator: torch.Generator) -> Tensor:
        """``users`` [B], ``pos`` [B] -> negatives [B, S]."""
        ...


class Loss(Protocol):
    """One named term of the objective, already weighted.

    One that is built from the train part (counts, groups) is ``_partial_`` in its yaml and called once in ``build.py``
    with ``(train, groups)``, the interactions and all groups by policy name. One that trains parts of its own which
    rank with the model has a method ``at_ranking(encoded, scorer) -> scorer``.

    ``local = True`` says that it reads the batch's rows of the states and layers and knows no node by its number, so
    that a batch with its nodes numbered anew, and tables of these nodes, give the same value for less.
    ``rowwise = True``: it is a mean over the rows of the batch, each seen alone, so that processes can share them.
    ``by_columns = True``: it reads the states through inner products and squared norms alone, so that tables can be cut
    by columns among processes, and adds them up by ``main.columns``.
    """

    def __call__(self, batch: Batch, main: Encoded, views: list[Encoded]) -> Tensor: ...


class TextEncoder(Protocol):
    def __call__(self, texts: Sequence[str]) -> Tensor:
        """I strings -> [I, D] float32."""
        ...

    @property
    def identity(self) -> Mapping[str, Any]:
        """Everything that decides the output (weights' hash, pooling, max length, dtype ...), plain values."""
        ...


class ClosedForm(Protocol):
    """A model that is computed, not trained."""

    @property
    def reads_features(self) -> bool:
        """Whether ``fit`` reads ``text``. A sweep reuses the fit of a model that does not for other features.

        Such a model is given None. A class without this attribute counts as one that reads.
        """
        ...

    def fit(self, train: Interactions, text: Tensor | None) -> Scorer: ...
