"""Objectives of tuning: batches drawn only from (seed, epoch, step), and their loss."""

import pytest
import torch

from ltgnn.features.tuning.adaptation import Full, Lora
from ltgnn.types import Interactions
from tests.features.tuning.module_case import LORA, OBJECTIVES, Make


@pytest.mark.parametrize("name", OBJECTIVES)
@pytest.mark.parametrize("adapt", [Full(freeze_embeddings=False), LORA])
def test_the_loss_falls(encoder: Make, train: Interactions, name: str, adapt: Full | Lora) -> None:
    torch.manual_seed(0)
    objective = OBJECTIVES[name](encoder(adapt), train, batch_size=4, seed=1)

    def loss() -> float:
        objective.eval()
        with torch.no_grad():
            values = [objective(objective.batch(99, step)).item() for step in range(objective.steps)]
        objective.train()
        return sum(values) / len(values)

    before = loss()
    optimizer = torch.optim.AdamW([weight for weight in objective.parameters() if weight.requires_grad], lr=3e-3)
    for epoch in range(40):
        for step in range(objective.steps):
            optimizer.zero_grad()
            objective(objective.batch(epoch, step)).backward()
            optimizer.step()
    assert loss() < 0.9 * before
