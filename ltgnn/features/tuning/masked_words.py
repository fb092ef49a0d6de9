"""Masked language modelling on the catalogue."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import torch
from annotated_types import Gt, Le
from torch import Tensor
from torch.nn import functional as F

from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.objective import Objective
from ltgnn.types import Interactions, UserError


class MaskedWords(Objective):
    """Predict masked words of the catalogue (Devlin et al., arXiv:1810.04805): adapts the model to the shop's language.

    A share ``rate`` of the tokens is chosen; of these 80 % read [MASK], 10 % a random token, 10 % stay. The head is the
    model's own where its folder has one, else a new one tied to the word vectors.
    """

    def __init__(
        self,
        encoder: TunedEncoder,
        train: Interactions,
        batch_size: int,
        seed: int,
        rate: Annotated[float, Gt(0), Le(1)],
    ) -> None:
        super().__init__(encoder, len(encoder.texts), batch_size, seed)
        if encoder.tokenizer.mask_token_id is None:
            raise UserError("objective=mlm needs a tokenizer with a mask token; take a BERT-like model")
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


def _with_mlm_head(encoder: TunedEncoder) -> Any:
    """transformers' masked-word model around the encoder's own weights."""
    from transformers import AutoModelForMaskedLM
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()  # a new head is expected here
    try:
        with_head = AutoModelForMaskedLM.from_pretrained(
            encoder.reading.folder, local_files_only=True, trust_remote_code=False
        )
    except ValueError as error:
        raise UserError(f"objective=mlm: transformers knows no masked-word head for this model ({error})") from error
    finally:
        logging.set_verbosity(level)
    setattr(with_head, with_head.base_model_prefix, encoder.model)
    with_head.get_output_embeddings().weight = encoder.model.get_input_embeddings().weight
    return with_head
