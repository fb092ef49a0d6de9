"""The encoder inside the recommender's loop: a few items are read anew with gradient, the rest come from a table.

Encoding a whole catalogue with gradient in every step is out of the question; so each step re-encodes some items of its
batch with gradient, takes all others from a table of earlier vectors, and the table is recomputed periodically.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor

from ltgnn.features.item_features import FeatureSource
from ltgnn.features.tuning.adaptation import Adaptation
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.types import Dataset, Features, ItemContent, UserError

log = logging.getLogger(__name__)


class TrainableText(ItemContent):
    """Text features [I, D] that are trained with the recommender.

    ``values`` [I, D]: the encoder's output before training. ``rows``: items re-encoded with gradient in a step.
    ``refresh``: steps after which the table is recomputed (0: for evaluation only). ``lr``: the rate
    of the encoder's weights. Dropout is off, so that a row read anew is what the table would hold. Only what is trained
    goes into a checkpoint.
    """

    table: Tensor

    def __init__(self, encoder: TunedEncoder, values: Tensor, rows: int, refresh: int, lr: float) -> None:
        super().__init__()
        self.encoder, self.rows, self.every = encoder.eval(), rows, refresh  # Lightning keeps modes as it finds them
        self.register_buffer("table", values.clone(), persistent=False)
        self.attended: list[int] = []
        self.steps_since_refresh = 0  # steps since the full table was made
        self.lr = lr
        self.register_state_dict_post_hook(_only_trained)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_fill_frozen)  # type: ignore[no-untyped-call]

    @property
    def width(self) -> int:
        return self.table.shape[1]

    def train(self, mode: bool = True) -> TrainableText:
        super().train(mode)
        self.encoder.eval()  # no dropout
        return self

    def select_items(self, items: Tensor, generator: torch.Generator) -> None:
        """Choose the items of the next step: up to ``rows`` of ``items`` [n], at random."""
        distinct = torch.unique(items.cpu())
        self.attended = distinct[torch.randperm(len(distinct), generator=generator)[: self.rows]].tolist()
        if self.every and self.steps_since_refresh >= self.every:
            self.renew()

    def forward(self) -> Tensor:
        """All features [I, D]: in training with gradient in the rows attended to, else as they now are."""
        if not self.training and self.steps_since_refresh:
            self.renew()
        if not (self.training and self.attended):
            return self.table
        where = torch.tensor(self.attended, device=self.table.device)
        values = self.encoder(self.attended)
        mixed = self.table.index_copy(0, where, values)
        self.table[where] = values.detach()
        self.steps_since_refresh += 1
        return mixed

    def read(self, texts: Sequence[str]) -> Tensor:
        """Texts as features, by the encoder as it is.  n strings -> [n, D]"""
        return self.encoder.read(texts)

    def renew(self) -> None:
        """Read every item anew with the weights as they are."""
        started = time.perf_counter()
        self.table.copy_(self.encoder.encode_all())
        self.steps_since_refresh = 0
        log.debug("text table renewed in %.1f s", time.perf_counter() - started)


def _fill_frozen(live: TrainableText, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """Frozen weights are not in the checkpoint: they are those of the folder. The table is made anew on demand."""
    for name, weight in live.named_parameters():
        state.setdefault(prefix + name, weight.detach())
    live.steps_since_refresh = 1


def _only_trained(live: TrainableText, state: dict[str, Any], prefix: str, _: Any) -> None:
    for name, weight in live.named_parameters():
        if not weight.requires_grad:
            state.pop(prefix + name, None)


@dataclass(frozen=True)
class EndToEnd:
    """Makes the trainable text of a run from its frozen one; the config group ``live``."""

    needs_features: ClassVar[bool] = True
    reads_features: ClassVar[bool] = True
    trains_encoder: ClassVar[bool] = True

    adapt: Adaptation
    rows: Annotated[int, Ge(1)]
    refresh: Annotated[int, Ge(0)]
    lr: Annotated[float, Ge(0)]
    checkpointing: bool
    chunk_tokens: Annotated[int, Ge(1)]

    def __call__(self, source: FeatureSource, dataset: Dataset, features: Features | None) -> TrainableText:
        """``source``: what the group ``features`` built; ``features``: what it made of the data set."""
        text = source.item_text
        if text is None or text is not source or (trainable := text.trainable) is None or features is None:
            raise UserError(
                "live=lora and live=full train a Hugging Face encoder on item text; set features=minilm or "
                "features=folder"
            )
        if text.transform.changes_features or text.control.changes_features:
            raise UserError(
                "live=lora and live=full train on the encoder's own output; set features/transform=none "
                "features/control=none"
            )
        texts = text.texts(dataset)
        with torch.random.fork_rng(devices=[]):  # all else starts as it does beside a frozen text
            encoder = TunedEncoder(trainable, texts, self.adapt, self.checkpointing, self.chunk_tokens)
        return TrainableText(encoder, features.values, self.rows, self.refresh, self.lr)


def frozen(source: FeatureSource, dataset: Dataset, features: Features | None) -> Tensor | None:
    """The text as the frozen encoder gives it: ``live=none``."""
    return None if features is None else features.values
