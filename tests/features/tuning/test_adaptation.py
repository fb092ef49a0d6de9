"""Which weights of a language model are trained: all of them, or low-rank additions."""

from collections.abc import Callable

import pytest
import torch
from torch.nn import functional as F

from ltgnn.features.encoders import HuggingFace
from ltgnn.features.tuning.adaptation import Full, Lora
from ltgnn.types import UserError
from tests.features.tuning.conftest import TEXTS
from tests.features.tuning.encoder_case import LORA, Make
from tests.features.tuning.trainable_text_case import SMALL_LORA, MakeEncoder, attend, live, moved


def test_what_is_trained(encoder: Make) -> None:
    def trained(adapt: Full | Lora) -> list[str]:
        return [name for name, weight in encoder(adapt).named_parameters() if weight.requires_grad]

    assert all("lora_" in name for name in trained(LORA))
    everything = trained(Full(freeze_embeddings=False))
    assert everything == [name for name, _ in encoder().named_parameters() if "pooler" not in name]
    kept = trained(Full(freeze_embeddings=True))
    assert [name for name in everything if name not in kept] == ["model.embeddings.word_embeddings.weight"]


@pytest.mark.parametrize("adapt", [Full(freeze_embeddings=False), LORA])
def test_dropout_of_the_model(encoder: Make, tiny: Callable[..., HuggingFace], adapt: Full | Lora) -> None:
    assert not torch.equal(encoder(adapt)([0, 5]), encoder(adapt)([0, 5]))
    torch.testing.assert_close(encoder(adapt, dropout=0.0)([0, 5]), tiny()([TEXTS[0], TEXTS[5]]), atol=1e-5, rtol=0)


def test_targets_that_are_not_there(encoder: Make) -> None:
    with pytest.raises(UserError, match=r"adapt.targets=\['qkv'\] does not fit"):
        encoder(Lora(2, 4, 0.0, ["qkv"]))


FULL = Full(freeze_embeddings=False)


@pytest.mark.parametrize("adapt", [FULL, SMALL_LORA])
def test_gradients_are_those_of_the_attended_rows(encoder: MakeEncoder, adapt: Full | Lora) -> None:
    torch.manual_seed(0)
    text = live(encoder(adapt)).train()
    target = torch.randn(12, 16, generator=torch.Generator().manual_seed(1))
    attend(text, [2, 5, 8])
    F.mse_loss(text(), target).backward()
    found = {name: weight.grad.clone() for name, weight in text.named_parameters() if weight.grad is not None}
    text.zero_grad()
    values = text.encoder(range(12))  # the oracle reads every row with gradient, and cuts it off elsewhere
    keep = torch.zeros(12, 1)
    keep[[2, 5, 8]] = 1
    F.mse_loss(values * keep + values.detach() * (1 - keep), target).backward()
    wanted = {name: weight.grad for name, weight in text.named_parameters() if weight.grad is not None}
    assert found.keys() == wanted.keys()
    assert sum(gradient.abs().sum() for gradient in wanted.values()) > 0
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("adapt", [FULL, SMALL_LORA])
def test_the_checkpoint_holds_what_is_trained(encoder: MakeEncoder, adapt: Full | Lora) -> None:
    torch.manual_seed(0)
    one, two = live(encoder(adapt)), live(encoder(adapt))
    moved(one)
    state = torch.nn.ModuleDict({"a": one}).state_dict()
    trained = {f"a.{name}" for name, weight in one.named_parameters() if weight.requires_grad}
    assert set(state) == trained
    torch.nn.ModuleDict({"a": two}).load_state_dict(state)  # strict
    torch.testing.assert_close(two.eval()(), one.eval()(), atol=1e-6, rtol=0)
