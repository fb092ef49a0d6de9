"""DirectAU, InfoNCE and text alignment against naive loops, and gradcheck."""

from __future__ import annotations

import math

import pytest
import torch

from ltgnn.losses.alignment import ContentContrast, ContentReconstruction
from ltgnn.losses.contrast import InfoNCE
from ltgnn.losses.directau import DirectAU
from ltgnn.types import Encoded, UserError
from tests.losses.case import cosine, example, gradients_agree, states


def test_directau_naive() -> None:
    batch, main = example()
    users = [main.users[u] / main.users[u].norm() for u in batch.users.tolist()]
    items = [main.items[i] / main.items[i].norm() for i in batch.pos.tolist()]
    align = sum(float((u - i).pow(2).sum()) for u, i in zip(users, items, strict=True)) / 7

    def spread(units: list[torch.Tensor]) -> float:
        pairs = [math.exp(-2 * float((units[a] - units[b]).pow(2).sum())) for a in range(7) for b in range(a)]
        return math.log(sum(pairs) / len(pairs))

    wanted = align + 0.7 * (spread(users) + spread(items)) / 2
    assert DirectAU(0.7)(batch, main, []).item() == pytest.approx(wanted, rel=1e-10)
    assert gradients_agree(DirectAU(0.7), batch, main)


def test_directau_by_hand() -> None:
    users = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    items = torch.tensor([[0.0, 2.0], [0.0, 3.0]], dtype=torch.float64)
    batch, main = example()[0]._replace(users=torch.tensor([0, 1]), pos=torch.tensor([0, 1])), Encoded(users, items, ())
    # |u - i|^2: 2 and 0; users at distance^2 2, items at 0: log e^-4 and log e^0
    assert DirectAU(0.5)(batch, main, []).item() == pytest.approx(1 + 0.5 * (-4 + 0) / 2, abs=1e-12)


def naive_nce(first: torch.Tensor, second: torch.Tensor, nodes: list[int], everyone: bool, t: float) -> list[float]:
    others = range(len(second)) if everyone else nodes
    return [
        -math.log(
            math.exp(cosine(first[n], second[n]) / t) / sum(math.exp(cosine(first[n], second[m]) / t) for m in others)
        )
        for n in nodes
    ]


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


@pytest.mark.parametrize("negatives", ["batch", "all"])
def test_text_contrast_naive(negatives: str) -> None:
    batch, main = example()
    text = states(6, 4, seed=5)
    wanted = naive_nce(main.items, text, [0, 1, 2, 3], negatives == "all", 0.2)
    loss = ContentContrast(0.5, 0.2, negatives)
    assert loss(batch, main._replace(content=text), []).item() == pytest.approx(0.5 * sum(wanted) / 4, rel=1e-12)
    assert gradients_agree(loss, batch, main._replace(content=text))


def test_text_reconstruction_naive() -> None:
    batch, main = example()
    text = states(6, 4, seed=5).requires_grad_()
    loss = ContentReconstruction(0.5, dim=4, power=2.0).double()
    main = main._replace(content=text)
    told = loss.decoder(main.items)
    wanted = [(1 - cosine(told[i], text[i])) ** 2 for i in range(4)]
    assert loss(batch, main, []).item() == pytest.approx(0.5 * sum(wanted) / 4, rel=1e-12)
    assert gradients_agree(loss, batch, main)
    loss(batch, main, []).backward()
    assert text.grad is None  # the text is a target
    view = Encoded(main.users, states(6, 4, seed=9), ())
    assert loss(batch, main, [view]).item() != loss(batch, main, []).item()


def test_what_is_missing_is_said() -> None:
    batch, main = example()
    with pytest.raises(UserError, match="views=clean gives none"):
        InfoNCE(0.1, 0.2, "batch", "mean")(batch, main, [])
    with pytest.raises(UserError, match="fusion=side"):
        ContentContrast(0.1, 0.2, "batch")(batch, main, [])
    with pytest.raises(UserError, match="negatives=some"):
        InfoNCE(0.1, 0.2, "some", "mean")
