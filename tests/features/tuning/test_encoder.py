"""The encoder that is tuned reads as the frozen one; what is trained, and what is saved."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ltgnn.features.encoders import HuggingFace
from ltgnn.features.tuned_folder import load_tuned
from ltgnn.features.tuning.adaptation import Full, Lora
from tests.features.tuning.conftest import TEXTS
from tests.features.tuning.encoder_case import LORA, Make


@pytest.mark.parametrize("adapt", [Full(freeze_embeddings=False), LORA])
@pytest.mark.parametrize("chunk_tokens", [1, 64, 10_000])
def test_before_training_it_reads_as_the_frozen_encoder(
    encoder: Make, tiny: Callable[..., HuggingFace], adapt: Full | Lora, chunk_tokens: int
) -> None:
    model = encoder(adapt, chunk_tokens=chunk_tokens).eval()
    wanted = tiny()(TEXTS)
    rows = [5, 11, 0, 7]
    torch.testing.assert_close(model(rows), wanted[rows], atol=1e-5, rtol=0)
    torch.testing.assert_close(model.encode_all(), wanted, atol=1e-5, rtol=0)


def test_checkpointing_changes_no_gradient(encoder: Make) -> None:
    gradients = []
    for checkpointing in (False, True):
        torch.manual_seed(0)
        model = encoder(LORA, checkpointing)
        assert any(getattr(part, "gradient_checkpointing", False) for part in model.modules()) == checkpointing
        torch.manual_seed(1)
        model([0, 5, 9]).square().sum().backward()
        gradients.append({name: p.grad for name, p in model.named_parameters() if p.requires_grad})
    for name, gradient in gradients[0].items():
        assert gradient is not None
        torch.testing.assert_close(gradients[1][name], gradient, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("adapt", [Full(freeze_embeddings=False), LORA])
def test_the_saved_folder_reads_as_the_tuned_encoder(encoder: Make, tmp_path: Path, adapt: Full | Lora) -> None:
    model = encoder(adapt, pooling="cls", max_length=8)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(0)))
    wanted = model.encode_all()
    frozen_before = encoder(pooling="cls", max_length=8).encode_all()
    assert not torch.allclose(wanted, frozen_before, atol=1e-3)
    model.save(tmp_path)
    reading = load_tuned(str(tmp_path))
    assert (reading.pooling, reading.max_length) == ("cls", 8)
    torch.testing.assert_close(reading(TEXTS), wanted, atol=1e-5, rtol=0)
