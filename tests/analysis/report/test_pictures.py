"""The pictures of a report: Pareto scatters, exposure by popularity, training curves."""

from __future__ import annotations

import numpy as np

from ltgnn.runs.exposure import cumulative


def test_exposure_by_hand() -> None:
    curve = cumulative(np.array([1, 5, 0, 4]), np.array([1, 2, 1, 1]))
    assert curve is not None
    np.testing.assert_allclose(curve.items, [0, 0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(curve.train, [0, 0.5, 0.9, 1, 1])
    np.testing.assert_allclose(curve.lists, [0, 0.4, 0.6, 0.8, 1])
    assert cumulative(np.array([1, 2]), np.array([0, 0])) is None
