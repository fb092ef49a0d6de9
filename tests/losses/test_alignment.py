"""Alignment and reconstruction of text against naive loops."""

from __future__ import annotations

import pytest

from ltgnn.losses.alignment import ContentContrast, ContentReconstruction
from ltgnn.types import Encoded
from tests.losses.case import cosine, example, gradients_agree, states
from tests.losses.contrast_case import naive_nce


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
