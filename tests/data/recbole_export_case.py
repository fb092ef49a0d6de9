"""What tests of recbole export share."""

import torch

from ltgnn.types import Dataset, Interactions

TITLES = [
    '"Heroes"',
    '12" record',
    '"',
    '""',
    '"open',
    'a\tb\nc\r"d"',
    "'single'",
    "",
    "NA",
    'x"',
    '"a" b',
    "plain",
    "\\",
]


def recbole_data(ids=None, field="title"):
    ids = ids or [f"i{n}" for n in range(len(TITLES))]
    pairs = Interactions(torch.zeros(len(ids), dtype=torch.int64), torch.arange(len(ids)), 1, len(ids))
    titles = (TITLES * 2)[: len(ids)]
    return Dataset("toy", {"all": pairs}, ["u"], ids, {field: titles}, {}, {}, {"city": ['"Bonn"']})
