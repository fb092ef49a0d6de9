"""One lift of the tail for all users, or one for each group of them: judged by users that validation is not shown.

    python experiments/hybrid/hidden_users.py RUN RUN [--draws 4]

RUN: finished runs on leave-one-out, where each user has a validation pair. Users with fewer than ten interactions are
hidden, as a random 80/10/10 split hides them; both rules see the others (all of them, then random four fifths) and are
judged by the hidden pairs, NDCG@20 against the first run alone. The test part is not read.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from torch import Tensor

from ltgnn.build import build_problem
from ltgnn.config.paths import conf_dir
from ltgnn.inference.ensemble_members import open_members
from ltgnn.scoring.candidates import Pool, pool_of
from ltgnn.scoring.tail_constrained import Choice, TailConstrained, of_tail, scores

TEN = 8  # train pairs of a user with ten interactions, on leave-one-out


def part(pool: Pool, rows: Tensor) -> Pool:
    """The users ``rows`` [n] bool alone."""
    named = ("items", "normalised_scores", "hits", "relevant", "user_groups", "item_groups")
    return replace(pool, **{name: getattr(pool, name)[rows] for name in named})


def of_head(pool: Pool) -> Pool:
    """The same candidates, of which only held-out items of the first group count."""
    relevant = pool.relevant.clone()
    relevant[:, 1:] = 0
    return replace(pool, hits=pool.hits & (pool.item_groups == 0), relevant=relevant)


def by_group(pool: Pool, rule: TailConstrained) -> Choice:
    """A choice for each group of users; one without users takes that of the nearest group."""
    known = pool.user_groups.unique().tolist()
    found = {group: rule(part(pool, pool.user_groups == group)) for group in known}
    nearest = [min(known, key=lambda other: abs(other - group)) for group in range(pool.cells[0])]
    weights = torch.stack([found[of][0][:, of] for of in nearest], dim=1)
    return weights, torch.stack([found[of][1][of] for of in nearest])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs=2)
    parser.add_argument("--draws", type=int, default=4)
    given = parser.parse_args()
    members = open_members(given.runs)
    problem = build_problem(members[0].cfg)
    train, held_out = problem.split.train, problem.split.val
    blend = instantiate(OmegaConf.load(conf_dir() / "blend/tail_kept.yaml"))
    blended = blend.of({member.name: member.scorer() for member in members}, train)
    pool = pool_of(lambda users: blended.normalise_scores(users, (0, 1)), held_out, blended.users, blended.items, 100)
    shown = train.user_counts[torch.unique(held_out.users)] >= TEN
    hidden, fitting = part(pool, ~shown), blend.fitting
    alone = scores(hidden, *fitting.single_members(hidden)[0])
    judges = {"all": hidden, "head": of_head(hidden), "tail": of_tail(hidden)}
    for draw in range(given.draws):
        generator = torch.Generator().manual_seed(draw)
        seen = part(pool, shown & (torch.rand(len(shown), generator=generator) < (0.8 if draw else 1.0)))
        start = fitting.start(seen)
        rule = TailConstrained(lambda _, start=start: start, fitting.k, fitting.share, fitting.step, fitting.most)
        for name, choice in {"one lift": rule(seen), "one a group": by_group(seen, rule)}.items():
            found = scores(hidden, *choice)
            gains = {n: judge.ndcg(found, 20) / judge.ndcg(alone, 20) - 1 for n, judge in judges.items()}
            print(f"draw {draw}, {name}: " + ", ".join(f"{n} {gain:+.1%}" for n, gain in gains.items()), flush=True)


if __name__ == "__main__":
    main()
