"""What tests of encoder share."""

from collections.abc import Callable

from ltgnn.features.tuning.adaptation import Lora
from ltgnn.features.tuning.encoder import TunedEncoder

Make = Callable[..., TunedEncoder]

LORA = Lora(rank=2, alpha=4, dropout=0.0, targets="all-linear")
