"""Ridge regressions of each item on a few others, in batches of equal width."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ltgnn.models.closed_form import local_ridge
from ltgnn.models.closed_form.local_ridge import batch_starts


@settings(deadline=None)
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=200).map(sorted))
def test_batches_hold_all_columns_in_bounded_memory(widths: list[int]) -> None:
    starts = batch_starts(np.array(widths))
    assert starts[0] == 0
    for start, end in zip(starts, [*starts[1:], len(widths)], strict=True):
        assert start < end
        assert end - start == 1 or (end - start) * widths[end - 1] ** 2 <= local_ridge.ENTRIES
