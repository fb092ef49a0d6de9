"""What an encoder is tuned for: purchases, co-purchases, the words themselves, or nothing but agreement with itself.

An objective draws the batches of an epoch, each from (seed, epoch, step) alone, so that a resumed run goes on exactly;
it sees the train part and no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.text.tuning.encoder import TunedEncoder
from ltgnn.types import Interactions, Mistake

Rows = NDArray[np.int64]


class Objective(nn.Module):
    """``steps`` batches an epoch over ``units`` (items or pairs), shuffled anew each epoch, at most ``examples``."""

    def __init__(
        self, encoder: TunedEncoder, units: int, batch_size: int, seed: int, examples: int | None = None
    ) -> None:
        super().__init__()
        self.encoder, self.units, self.batch_size, self.seed = encoder, units, batch_size, seed
        self.used = units if examples is None else min(examples, units)
        if self.used < 2 or batch_size < 2:
            raise Mistake(f"batch_size={batch_size} over {self.used} training units; each has to be 2 or more")
        self._order: tuple[int, Rows] = (-1, np.empty(0, np.int64))

    @property
    def steps(self) -> int:
        """Batches an epoch; a last batch of one unit is left out."""
        return self.used // self.batch_size + (self.used % self.batch_size > 1)

    def rows(self, epoch: int, step: int) -> Rows:
        """The units of a batch."""
        if self._order[0] != epoch:
            self._order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.units)
        return self._order[1][: self.used][step * self.batch_size : (step + 1) * self.batch_size]

    def rng(self, epoch: int, step: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, epoch, step])

    def batch(self, epoch: int, step: int) -> Any:
        raise NotImplementedError

    def forward(self, batch: Any) -> Tensor:
        """The loss of a batch, a scalar."""
        raise NotImplementedError


class CoPurchase(Objective):
    """Items bought by the same user are near: in-batch InfoNCE over the cosine, both directions.

    A unit is an item; its partner is another train item of one of its train users, both drawn uniformly. So each item
    is an anchor once an epoch, however rare it is. ``examples`` bounds the anchors an epoch (None: all). Pairs of the
    batch that some train user bought together, and equal texts, are no negatives.
    """

    def __init__(
        self,
        encoder: TunedEncoder,
        train: Interactions,
        batch_size: int,
        seed: int,
        temperature: float,
        examples: int | None = None,
    ) -> None:
        from scipy.sparse import csr_matrix

        self.temperature = temperature
        wide = train.user_counts[train.users] > 1  # pairs of users with something to pair
        users, items = train.users[wide].numpy(), train.items[wide].numpy()
        shape = (train.num_items, train.num_users)
        self.users_of = csr_matrix((np.ones(len(items), np.float32), (items, users)), shape=shape)  # [I, U]
        self.items_of = self.users_of.T.tocsr()
        self.items_of.sort_indices()
        self.anchors: Rows = np.unique(items)
        super().__init__(encoder, len(self.anchors), batch_size, seed, examples)

    def batch(self, epoch: int, step: int) -> tuple[Rows, Rows]:
        """Anchors [B] and partners [B], item numbers."""
        rng = self.rng(epoch, step)
        anchors = self.anchors[self.rows(epoch, step)]
        return anchors, np.array([self._partner(anchor, rng) for anchor in anchors])

    def forward(self, batch: tuple[Rows, Rows]) -> Tensor:
        anchors, partners = batch
        values = F.normalize(encode_once(self.encoder, np.concatenate(batch)), dim=1)
        similarity = values[: len(anchors)] @ values[len(anchors) :].T / self.temperature
        return both_ways(similarity, self.not_negative(anchors, partners).to(similarity.device))

    def not_negative(self, anchors: Rows, partners: Rows) -> Tensor:
        """[B, B] bool: the anchor and the partner were bought together by a train user, or read the same."""
        together = (self.users_of[anchors] @ self.users_of[partners].T).toarray() > 0
        texts = self.encoder.text_ids
        return torch.from_numpy(together) | (texts[anchors][:, None] == texts[partners])

    def _partner(self, anchor: int, rng: np.random.Generator) -> int:
        user = rng.choice(_row(self.users_of, anchor))
        others = _row(self.items_of, user)
        place = rng.integers(len(others) - 1)
        return int(others[place + (others[place] >= anchor)])  # skips the anchor: the row is ascending


class SimCSE(Objective):
    """Two readings of a text that differ by dropout alone are near, other texts far (Gao et al., arXiv:2104.08821)."""

    def __init__(
        self, encoder: TunedEncoder, train: Interactions, batch_size: int, seed: int, temperature: float
    ) -> None:
        self.temperature = temperature
        super().__init__(encoder, len(encoder.texts), batch_size, seed)
        if not any(isinstance(part, nn.Dropout) and part.p > 0 for part in encoder.modules()):
            raise Mistake(
                "objective=simcse needs a model with dropout, and this one has none; set adapt.dropout above 0"
            )

    def batch(self, epoch: int, step: int) -> Rows:
        return self.rows(epoch, step)

    def forward(self, batch: Rows) -> Tensor:
        rows = batch.tolist()
        one, two = F.normalize(self.encoder(rows), dim=1), F.normalize(self.encoder(rows), dim=1)
        texts = self.encoder.text_ids[batch]
        return both_ways(one @ two.T / self.temperature, (texts[:, None] == texts).to(one.device))


class Purchase(Objective):
    """Does this user buy this product? The article's objective: cross-entropy over (history text, product text).

    A unit is a train pair of a user with another train item; its example is followed by one with a product drawn from
    those that the user has not in train. The history is the texts of up to ``history`` other train items of the user,
    drawn at random. Both texts are read together, pooled, and classified by one linear layer. ``examples`` bounds the
    train pairs an epoch (None: all).
    """

    def __init__(
        self,
        encoder: TunedEncoder,
        train: Interactions,
        batch_size: int,
        seed: int,
        history: int,
        examples: int | None,
        dropout: float,
    ) -> None:
        wide = train.user_counts[train.users] > 1
        users, items = train.users[wide].numpy(), train.items[wide].numpy()
        self.pairs = np.stack([users, items], axis=1)
        offsets, by_user = train.by_user
        self.offsets, self.by_user = offsets.numpy(), by_user.numpy()
        self.history, self.num_items = history, train.num_items
        if batch_size % 2:
            raise Mistake(
                f"batch_size={batch_size}: objective=purchase takes half of a batch as bought, give an even number"
            )
        super().__init__(encoder, len(self.pairs), batch_size // 2, seed, examples)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(encoder.width, 2))
        positions = getattr(encoder.model.config, "max_position_embeddings", None) or 2 * encoder.reading.max_length
        self.max_length = min(2 * encoder.reading.max_length, positions)  # two texts

    def batch(self, epoch: int, step: int) -> tuple[list[Rows], Rows, Tensor]:
        """Histories (item numbers), products [2B] and labels [2B]: B bought, then B not bought."""
        rng = self.rng(epoch, step)
        pairs = self.pairs[self.rows(epoch, step)]
        histories, others = [], []
        for user, item in pairs:
            own = self.by_user[self.offsets[user] : self.offsets[user + 1]]  # ascending
            past = own[own != item]
            histories.append(rng.permutation(past)[: self.history])
            others.append(_outside(own, self.num_items, rng))
        labels = torch.tensor([1] * len(pairs) + [0] * len(pairs))
        return histories * 2, np.concatenate([pairs[:, 1], np.array(others, np.int64)]), labels

    def forward(self, batch: tuple[list[Rows], Rows, Tensor]) -> Tensor:
        labels = batch[2]
        logits = self.logits(*batch[:2])
        return F.cross_entropy(logits, labels.to(logits.device))

    def logits(self, histories: list[Rows], products: Rows) -> Tensor:
        """Scores of (not bought, bought).  [n, 2]"""
        from ltgnn.text.encoders import POOLINGS

        encoder = self.encoder
        texts = encoder.texts
        tokens = encoder.tokenizer(
            ["; ".join(texts[item] for item in history) for history in histories],
            [texts[item] for item in products],
            truncation="longest_first",
            max_length=self.max_length,
            padding=True,
            return_tensors="pt",
        ).to(encoder.model.device)
        states = encoder.model(**tokens).last_hidden_state
        logits: Tensor = self.head(POOLINGS[encoder.reading.pooling](states.float(), tokens["attention_mask"]))
        return logits


class MaskedWords(Objective):
    """Guess hidden words of the catalogue (Devlin et al., arXiv:1810.04805): adapts the model to the shop's language.

    A share ``rate`` of the tokens is chosen; of these 80 % read [MASK], 10 % a random token, 10 % stay. The head is the
    model's own where its folder has one, else a fresh one tied to the word vectors.
    """

    def __init__(self, encoder: TunedEncoder, train: Interactions, batch_size: int, seed: int, rate: float) -> None:
        super().__init__(encoder, len(encoder.texts), batch_size, seed)
        if encoder.tokenizer.mask_token_id is None:
            raise Mistake("objective=mlm needs a tokenizer with a mask token; take a BERT-like model")
        self.rate = rate
        self.whole = _with_mlm_head(encoder)

    def batch(self, epoch: int, step: int) -> tuple[list[list[int]], list[list[int]]]:
        """Token numbers as shown, and the true ones where they are to be guessed (-100 elsewhere)."""
        rng = self.rng(epoch, step)
        tokenizer = self.encoder.tokenizer
        special = set(tokenizer.all_special_ids)
        shown, wanted = [], []
        for row in self.rows(epoch, step):
            tokens = np.array(self.encoder.tokens[row])
            chosen = (rng.random(len(tokens)) < self.rate) & ~np.isin(tokens, list(special))
            kind = rng.random(len(tokens))
            random = rng.integers(len(tokenizer), size=len(tokens))
            masked = np.where(kind < 0.8, tokenizer.mask_token_id, np.where(kind < 0.9, random, tokens))
            shown.append(np.where(chosen, masked, tokens).tolist())
            wanted.append(np.where(chosen, tokens, -100).tolist())
        return shown, wanted

    def forward(self, batch: tuple[list[list[int]], list[list[int]]]) -> Tensor:
        shown, wanted = batch
        config, device = self.encoder.model.config, self.encoder.model.device
        longest = max(map(len, shown))
        ids = torch.tensor([row + [config.pad_token_id or 0] * (longest - len(row)) for row in shown], device=device)
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in shown], device=device)
        labels = torch.tensor([row + [-100] * (longest - len(row)) for row in wanted], device=device)
        if not (labels != -100).any():  # a batch of very short texts: nothing to guess
            return sum(p.sum() * 0.0 for p in self.parameters() if p.requires_grad)  # type: ignore[return-value]
        logits = self.whole(input_ids=ids, attention_mask=mask).logits
        return F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten())


def both_ways(similarity: Tensor, not_negative: Tensor) -> Tensor:
    """Mean of the InfoNCE losses along rows and columns of ``similarity`` [B, B]; the diagonal is the positive.

    Entries off the diagonal that are marked in ``not_negative`` take no part.
    """
    apart = not_negative & ~torch.eye(len(similarity), dtype=torch.bool, device=similarity.device)
    logits = similarity.masked_fill(apart, -torch.inf)
    target = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, target) + F.cross_entropy(logits.T, target)) / 2


def encode_once(encoder: TunedEncoder, rows: Rows) -> Tensor:
    """Vectors of the rows, each distinct row run once.  [B] -> [B, D]"""
    distinct, back = np.unique(rows, return_inverse=True)
    values: Tensor = encoder(distinct.tolist())
    return values[torch.from_numpy(back).to(values.device)]


def _row(matrix: Any, row: int) -> Rows:
    """Column numbers of one row of a CSR matrix."""
    columns: Rows = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
    return columns


def _outside(own: Rows, size: int, rng: np.random.Generator) -> int:
    """One number below ``size`` that is not in ``own`` (ascending), uniformly: the r-th free one."""
    if len(own) == size:
        raise Mistake("a user bought every item of the catalogue, so there is none to show as not bought")
    rank = rng.integers(size - len(own))
    return int(rank + np.searchsorted(own - np.arange(len(own)), rank, side="right"))


def _with_mlm_head(encoder: TunedEncoder) -> Any:
    """transformers' masked-word model around the encoder's own weights."""
    from transformers import AutoModelForMaskedLM
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()  # that the head is fresh is expected here
    try:
        whole = AutoModelForMaskedLM.from_pretrained(encoder.reading.folder, local_files_only=True)
    except ValueError as error:
        raise Mistake(f"objective=mlm: transformers knows no masked-word head for this model ({error})") from error
    finally:
        logging.set_verbosity(level)
    setattr(whole, whole.base_model_prefix, encoder.model)
    whole.get_output_embeddings().weight = encoder.model.get_input_embeddings().weight
    return whole
