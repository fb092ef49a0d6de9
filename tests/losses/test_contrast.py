"""InfoNCE against a naive loop, and what it asks for."""

from __future__ import annotations

import pytest

from ltgnn.losses.alignment import ContentContrast
from ltgnn.losses.contrast import InfoNCE
from ltgnn.types import Encoded, UserError
from tests.losses.case import example, gradients_agree, states
from tests.losses.contrast_case import naive_nce


@pytest.mark.parametrize("negatives", ["batch", "all"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("number", [1, 2])
def test_infonce_naive(negatives: str, reduction: str, number: int) -> None:
    batch, main = example()
    views = [Encoded(states(6, 4, seed=s), states(6, 4, seed=s + 1), ()) for s in (10, 20)][:number]
    first, second = (main, views[0]) if number == 1 else views
    users, items = [0, 1, 2, 3, 4], [0, 1, 2, 3]
    everyone = negatives == "all"
    terms = [
        naive_nce(first.users, second.users, users, everyone, 0.2),
        naive_nce(first.items, second.items, items, everyone, 0.2),
    ]
    wanted = sum(map(sum, terms)) / 7 if reduction == "sum" else sum(sum(t) / len(t) for t in terms)
    loss = InfoNCE(0.3, 0.2, negatives, reduction)
    assert loss(batch, main, views).item() == pytest.approx(0.3 * wanted, rel=1e-12)
    if number == 1:
        assert gradients_agree(loss, batch, main, views)


def test_what_is_missing_is_said() -> None:
    batch, main = example()
    with pytest.raises(UserError, match="views=clean gives none"):
        InfoNCE(0.1, 0.2, "batch", "mean")(batch, main, [])
    with pytest.raises(UserError, match="fusion=side"):
        ContentContrast(0.1, 0.2, "batch")(batch, main, [])
    with pytest.raises(UserError, match="negatives=some"):
        InfoNCE(0.1, 0.2, "some", "mean")
