"""What tests of retrieval share."""

from __future__ import annotations

from ltgnn.inference.search.bm25 import Words
from ltgnn.inference.search.rank_fusion import ReciprocalRank
from ltgnn.inference.search.retrieval import Dense, Search
from tests.toy import Words as WordVectors

TEXTS = ["red wool socks", "waterproof hiking boots", "red hiking socks socks", "", "green tea 茶", "boots for the tea"]


def search() -> Search:
    read = WordVectors(16)
    return Search({"words": Words(TEXTS), "text": Dense(read, read(TEXTS))}, ReciprocalRank())
