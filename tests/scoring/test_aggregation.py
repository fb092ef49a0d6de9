"""Test-time aggregation: a trained model's neighbours are averaged in once, before it ranks."""

from __future__ import annotations

import pytest
import torch

from ltgnn.scoring.aggregation import TagCF
from tests.scoring.score_function_case import COUNTS, EVERYONE, STATES, TRAIN, scoring


@pytest.mark.parametrize(("max_count", "items"), [(None, True), (3, True), (None, False)])
def test_tag_cf(max_count: int | None, items: bool) -> None:
    users, table = STATES.users.clone(), STATES.items.clone()
    per_user = TRAIN.user_counts.tolist()
    for user, item in zip(TRAIN.users.tolist(), TRAIN.items.tolist(), strict=True):
        edge = 0.7 * per_user[user] ** -1.0 * COUNTS[item] ** -0.5
        if max_count is None or per_user[user] <= max_count:
            users[user] += edge * STATES.items[item]
        if items and (max_count is None or COUNTS[item] <= max_count):
            table[item] += edge * STATES.users[user]
    found = TagCF(0.7, -1, -0.5, max_count, items)(STATES, TRAIN)
    torch.testing.assert_close(found.users, users, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found.items, table, rtol=1e-4, atol=1e-5)
    score = scoring(aggregation=TagCF(0.7, -1, -0.5, max_count, items)).fit(TRAIN, None)
    torch.testing.assert_close(score.of(STATES)(EVERYONE), users @ table.T, rtol=1e-4, atol=1e-5)
