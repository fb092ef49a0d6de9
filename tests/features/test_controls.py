"""Controls keep everything but the meaning."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.features.controls import Random, Shuffled

VALUES = torch.randn(50, 8, generator=torch.Generator().manual_seed(0)) @ torch.diag(torch.arange(8.0)) + 2
FIT = torch.ones(50, dtype=torch.bool)


@given(st.integers(2, 30), st.integers(0, 99))
def test_shuffled_gives_every_item_the_features_of_another(items: int, seed: int) -> None:
    values = torch.arange(items)[:, None].float()
    shuffled = Shuffled(seed)(values, torch.ones(items, dtype=torch.bool))
    assert (shuffled != values).all()
    assert torch.equal(shuffled.sort(0).values, values)
    assert torch.equal(shuffled, Shuffled(seed)(values, torch.ones(items, dtype=torch.bool)))


def test_random_has_shape_mean_covariance_and_spectrum() -> None:
    noise = Random(0)(VALUES, FIT)
    assert noise.shape == VALUES.shape
    torch.testing.assert_close(noise.mean(0), VALUES.mean(0), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.cov(noise.T), torch.cov(VALUES.T), atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(torch.linalg.svdvals(noise), torch.linalg.svdvals(VALUES), atol=1e-3, rtol=1e-5)


def test_random_has_lost_the_items() -> None:
    noise, centred = Random(0)(VALUES, FIT), VALUES - VALUES.mean(0)
    agreement = torch.corrcoef(torch.stack([(noise - noise.mean(0)).flatten(), centred.flatten()]))[0, 1]
    assert agreement.abs() < 0.3  # 400 numbers of 8 scales
    assert not torch.equal(noise, Random(1)(VALUES, FIT))


def test_random_with_fewer_items_than_columns() -> None:
    few = VALUES[:5]
    noise = Random(0)(few, FIT[:5])
    torch.testing.assert_close(torch.cov(noise.T), torch.cov(few.T), atol=1e-4, rtol=1e-5)
