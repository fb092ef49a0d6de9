"""What tests of module share."""

from collections.abc import Callable
from functools import partial

from ltgnn.features.tuning.adaptation import Lora
from ltgnn.features.tuning.copurchase import CoPurchase
from ltgnn.features.tuning.encoder import TunedEncoder
from ltgnn.features.tuning.masked_words import MaskedWords
from ltgnn.features.tuning.objective import Objective
from ltgnn.features.tuning.purchase import Purchase
from ltgnn.features.tuning.simcse import SimCSE

Make = Callable[..., TunedEncoder]

LORA = Lora(rank=4, alpha=8, dropout=0.0, targets="all-linear")

OBJECTIVES: dict[str, Callable[..., Objective]] = {
    "copurchase": partial(CoPurchase, temperature=0.1),
    "purchase": partial(Purchase, history=2, examples=None, dropout=0.0),
    "mlm": partial(MaskedWords, rate=0.3),
    "simcse": partial(SimCSE, temperature=0.1),
}
