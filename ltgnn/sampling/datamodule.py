"""The LightningDataModule: train batches, and one token per part to evaluate."""

from __future__ import annotations

from collections.abc import Sequence

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from ltgnn.sampling.batches import PairBatches
from ltgnn.types import Interactions


class RecommendationData(pl.LightningDataModule):
    """Evaluation ranks a full part at once, so its loader yields only the name of the part."""

    def __init__(
        self, train: Interactions, batch_size: int, epoch_unit: str, seed: int, monitored: Sequence[str]
    ) -> None:
        super().__init__()
        self.monitored = list(monitored)
        self.pairs = PairBatches(train, batch_size, epoch_unit, seed, lambda: self.trainer.current_epoch)  # type: ignore[union-attr]

    def train_dataloader(self) -> PairBatches:
        return self.pairs

    def val_dataloader(self) -> DataLoader[str]:
        return DataLoader(self.monitored, batch_size=None)  # type: ignore[arg-type]
