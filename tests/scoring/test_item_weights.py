"""Scores that are sums of weights between the items of a user's history and all items."""

from __future__ import annotations

import torch

from tests.scoring.scorers_case import EVERYONE, ROWS, SCALE, TABLES, WEIGHTS


def test_scores_are_the_sum_over_the_history() -> None:
    wanted = torch.from_numpy(ROWS.toarray()) @ WEIGHTS
    for table, scale in ((TABLES[2], 1.0), (TABLES[3], SCALE[:, None]), (TABLES[4], 1.0)):
        torch.testing.assert_close(table(EVERYONE), wanted * scale)


def test_what_is_not_zero_of_sparse_scores() -> None:
    for table in TABLES[3:5]:
        assert table.sparse_scores is not None
        found = table.sparse_scores(EVERYONE)
        assert torch.equal(torch.from_numpy(found.toarray()), table(EVERYONE))
    assert TABLES[2].sparse_scores is None
