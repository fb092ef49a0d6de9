"""Known-item search: half the words of a title as the query, its item wanted; MRR@10 overall, by group, personalised.

    python scripts/known_item_search.py RUN [--queries 2000] [--out experiments/search/known_item_NAME.json]

- ``seen``: the index holds the whole text of each item; a random half of the title's words, in their order, is asked.
- ``held_out``: the index holds the text without the words asked (title by title), so that words alone can find an item
  only by what the rest of its text repeats.
- ``taste``: test pairs (user, item) as queries; what the model says of the user reorders the hits. The weight is
  chosen on validation pairs.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from ltgnn.features.template import render
from ltgnn.inference.open_run import OpenRun
from ltgnn.inference.search.bm25 import Words
from ltgnn.inference.search.rank_fusion import Fusing, ReciprocalRank, ZScore, leading
from ltgnn.inference.search.retrieval import Dense, Retriever, Search, with_taste

K = 10
WEIGHTS = (0.0, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0)


def halves(title: str, draw: random.Random) -> tuple[str, str]:
    """A random half of the words (at least one) in their order, and the others."""
    words = title.split()
    asked = set(draw.sample(range(len(words)), max(1, len(words) // 2)))
    return " ".join(w for n, w in enumerate(words) if n in asked), " ".join(
        w for n, w in enumerate(words) if n not in asked
    )


def reciprocal(ranked: Sequence[int], item: int) -> float:
    return 1 / (ranked.index(item) + 1) if item in ranked else 0.0


def mrr(shop: OpenRun, items: Sequence[int], values: Sequence[float]) -> dict[str, float | int]:
    """Mean by group and overall."""
    labels = shop.served.groups.labels
    table: dict[str, float | int] = {"all": round(sum(values) / len(values), 4), "queries": len(values)}
    for number, name in enumerate(shop.served.groups.names):
        mine = [value for item, value in zip(items, values, strict=True) if int(labels[item]) == number]
        if mine:
            table |= {name: round(sum(mine) / len(mine), 4), f"{name} queries": len(mine)}
    return table


def ways(retrievers: dict[str, Retriever]) -> dict[str, tuple[tuple[str, ...], Fusing]]:
    """Each retriever alone, and those together."""
    found: dict[str, tuple[tuple[str, ...], Fusing]] = {name: ((name,), ReciprocalRank()) for name in retrievers}
    groups = [("words", "text"), ("words", "text", "model")]
    for names in (group for group in groups if set(group) <= set(retrievers)):
        found["+".join(names) + " rrf"] = (names, ReciprocalRank())
        found["+".join(names) + " z"] = (names, ZScore())
    return found


def judge(
    shop: OpenRun, retrievers: dict[str, Retriever], queries: dict[int, str]
) -> dict[str, dict[str, float | int]]:
    results: dict[str, list[float]] = {way: [] for way in ways(retrievers)}
    for item, query in queries.items():
        scores = {name: retriever(query) for name, retriever in retrievers.items()}
        for way, (names, fusing) in ways(retrievers).items():
            total = fusing({name: scores[name] for name in names}, {})
            results[way].append(reciprocal(leading(total, K).tolist(), item))
    return {way: mrr(shop, list(queries), values) for way, values in results.items()}


def personal(shop: OpenRun, search: Search, titles: Sequence[str], count: int, seed: int) -> dict[str, object]:
    """MRR@10 by weight of taste on validation pairs, and of the best weight on test pairs."""

    def curve(part: str, weights: Sequence[float]) -> dict[str, float]:
        pairs = getattr(shop.problem.split, part)
        chosen = torch.randperm(len(pairs), generator=torch.Generator().manual_seed(seed))[:count].tolist()
        draw = random.Random(seed)
        sums = dict.fromkeys(weights, 0.0)
        asked = 0
        for row in chosen:
            user, item = int(pairs.users[row]), int(pairs.items[row])
            if not titles[item].split():
                continue
            # one word alone: a vague query, where taste has something to decide
            query = draw.choice(titles[item].split())
            total = search.fusing({name: r(query) for name, r in search.retrievers.items()}, {})
            taste = shop.taste(user)
            asked += 1
            for weight in weights:
                ranked = leading(with_taste(total, taste, weight) if weight else total, K).tolist()
                sums[weight] += reciprocal(ranked, item)
        return {str(weight): round(value / max(asked, 1), 4) for weight, value in sums.items()}

    validation = curve("val", WEIGHTS)
    best = max(WEIGHTS, key=lambda weight: validation[str(weight)])
    return {"query": "one random word of the title", "validation": validation, "chosen": best,
            "test": curve("test", (0.0, best))}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    started = time.process_time()
    shop = OpenRun(arguments.run)
    fields = dict(shop.problem.dataset.item_fields)
    titles = list(fields["title"])
    draw = random.Random(arguments.seed)
    several = [item for item, title in enumerate(titles) if len(title.split()) > 1]
    chosen = sorted(draw.sample(several, min(arguments.queries, len(several))))
    split = {item: halves(titles[item], draw) for item in chosen}
    queries = {item: asked for item, (asked, _) in split.items()}
    retrievers: dict[str, Retriever] = {}
    for name in ("words", "text", "model"):
        try:
            retrievers[name] = shop._retriever(name)
        except Exception as error:
            print(f"without {name}: {error}")
    report: dict[str, object] = {
        "run": shop.served.card["choices"],
        "data": shop.served.name,
        "metric": f"MRR@{K}",
        "seed": arguments.seed,
        "seen": judge(shop, retrievers, queries),
    }
    rest = [split[item][1] if item in split else title for item, title in enumerate(titles)]
    texts = render(str(shop.cfg.data.template), fields | {"title": rest})
    vectors = shop.problem.feature_matrix.clone()  # type: ignore[union-attr]
    vectors[chosen] = shop.read([texts[item] for item in chosen])
    held: dict[str, Retriever] = {"words": Words(texts), "text": Dense(shop.read, vectors)}
    report["held_out"] = judge(shop, held, queries)
    report["taste"] = personal(shop, shop.search, titles, min(1000, arguments.queries), arguments.seed)
    report["cpu_seconds"] = round(time.process_time() - started, 1)
    text = json.dumps(report, indent=1) + "\n"
    print(text)
    if arguments.out:
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
