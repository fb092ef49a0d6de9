"""What tests of trainable text share."""

from collections.abc import Callable

import torch

from ltgnn.features.tuning.adaptation import Lora
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.trainable_text import TrainableText

MakeEncoder = Callable[..., TunedEncoder]

SMALL_LORA = Lora(rank=2, alpha=4, dropout=0.0, targets="all-linear")


def live(encoder: TunedEncoder, rows: int = 3, refresh: int = 0) -> TrainableText:
    return TrainableText(encoder, encoder.encode_all(), rows, refresh, lr=0.01)


def moved(text: TrainableText) -> None:
    """A step of some optimizer."""
    with torch.no_grad():
        for weight in text.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0)))
    text.steps_since_refresh = 1


def attend(text: TrainableText, items: list[int], seed: int = 0) -> None:
    text.select_items(torch.tensor(items), torch.Generator().manual_seed(seed))
