"""Self-supervised tuning: two readings of one text that differ by dropout."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Gt
from torch import Tensor, nn
from torch.nn import functional as F

from ltgnn.features.tuning.contrast import symmetric_info_nce
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.objective import Objective, Rows
from ltgnn.types import Interactions, UserError


class SimCSE(Objective):
    """Two encodings of a text that differ only by dropout are near, other texts far (Gao et al., arXiv:2104.08821)."""

    def __init__(
        self,
        encoder: TunedEncoder,
        train: Interactions,
        batch_size: int,
        seed: int,
        temperature: Annotated[float, Gt(0)],
    ) -> None:
        self.temperature = temperature
        super().__init__(encoder, len(encoder.texts), batch_size, seed)
        if not any(isinstance(part, nn.Dropout) and part.p > 0 for part in encoder.modules()):
            raise UserError(
                "objective=simcse needs a model with dropout, and this one has none; set adapt.dropout above 0"
            )

    def batch(self, epoch: int, step: int) -> Rows:
        return self.rows(epoch, step)

    def forward(self, batch: Rows) -> Tensor:
        rows = batch.tolist()
        one, two = F.normalize(self.encoder(rows), dim=1), F.normalize(self.encoder(rows), dim=1)
        texts = self.encoder.text_ids[batch]
        return symmetric_info_nce(one @ two.T / self.temperature, (texts[:, None] == texts).to(one.device))
