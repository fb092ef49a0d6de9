"""Transforms against their definitions and scikit-learn's PCA."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from ltgnn.features.transform import Centre, Keep, Principal, UnitLength
from ltgnn.types import UserError
from tests.features.checks_case import Fixed, features

VALUES = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)) @ torch.diag(torch.arange(1.0, 7.0)) + 3

FIT = torch.arange(40) < 30


def test_keep_and_unit_length() -> None:
    assert Keep()(VALUES, FIT) is VALUES
    torch.testing.assert_close(UnitLength()(VALUES, FIT).norm(dim=1), torch.ones(40))
    assert UnitLength()(torch.zeros(2, 3), FIT[:2]).abs().sum() == 0


def test_centre() -> None:
    centred = Centre()(VALUES, FIT)
    torch.testing.assert_close(centred[FIT].mean(0), torch.zeros(6), atol=1e-6, rtol=0)
    torch.testing.assert_close(centred[1] - centred[0], VALUES[1] - VALUES[0])


@pytest.mark.parametrize("whiten", [False, True])
@pytest.mark.parametrize("dim", [2, None])
def test_principal_axes_are_those_of_scikit_learn(dim: int | None, whiten: bool) -> None:
    ours = Principal(dim, whiten)(VALUES, FIT).numpy()
    theirs = PCA(dim, whiten=False, svd_solver="full").fit(VALUES[FIT].double().numpy())
    wanted = theirs.transform(VALUES.double().numpy())
    if whiten:
        wanted = wanted / (theirs.singular_values_ / np.sqrt(30))
    np.testing.assert_allclose(np.abs(ours), np.abs(wanted), atol=1e-4)


def test_whitened_train_items_have_unit_covariance_even_without_full_rank() -> None:
    flat = torch.cat([VALUES, VALUES[:, :2]], dim=1)  # rank 6 of 8
    white = Principal(None, whiten=True)(flat, FIT)
    assert white.shape == (40, 6)
    torch.testing.assert_close(torch.cov(white[FIT].T, correction=0), torch.eye(6), atol=1e-5, rtol=0)


def test_signs_are_fixed() -> None:
    turned = Principal(3, whiten=False)(VALUES[:, [5, 4, 3, 2, 1, 0]], FIT)
    torch.testing.assert_close(turned, Principal(3, whiten=False)(VALUES, FIT), atol=1e-4, rtol=0)


@pytest.mark.parametrize("dim", [0, 7])
def test_more_axes_than_columns_is_a_mistake(dim: int) -> None:
    with pytest.raises(UserError, match=f"features.transform.dim={dim}.*6 columns"):
        Principal(dim, whiten=True)(VALUES, FIT)


def test_all_the_same_has_no_axis_to_rotate_to(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no feature is left"):
        features(Fixed([[1.0, 2.0]] * 4), tmp_path, transform=Principal(dim=None, whiten=True))
