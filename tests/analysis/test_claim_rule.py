"""The claim rule on run folders made by hand: every verdict, every refusal, and the numbers behind them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ltgnn.analysis.claim_rule import claim
from ltgnn.analysis.claim_text import sentence
from ltgnn.analysis.run_groups import load_group
from ltgnn.commands.claim import main
from ltgnn.types import UserError
from tests.analysis.claim_rule_case import verdict
from tests.analysis.direction_case import recorded
from tests.analysis.made import METRIC, NAMES, USERS, side, write_run


@pytest.mark.parametrize(
    ("tail", "head", "expected", "reason"),
    [
        (0.14, 0.50, "yes", "no head loss"),
        (0.10, 0.50, "undecided", "tail gain not shown"),
        (0.08, 0.50, "no", "no tail gain"),
        (0.14, 0.47, "no", "head loss: the upper limit"),
        (0.14, 0.4955, "undecided", "head loss not ruled out"),
    ],
)
def test_each_verdict(tmp_path: Path, tail: float, head: float, expected: str, reason: str) -> None:
    base = side(tmp_path / "base", 5, tail=0.1, head=0.5, spread=0.0005)
    new = side(tmp_path / "new", 5, tail=tail, head=head, spread=0.0005)
    result = verdict(base, new)
    assert result.verdict == expected, sentence(result)
    assert reason in sentence(result)


def test_the_numbers_are_those_of_the_files(tmp_path: Path) -> None:
    result = verdict(side(tmp_path / "base", 5, 0.1, 0.5, 0.002), side(tmp_path / "new", 5, 0.14, 0.5, 0.004))
    tail = next(d for d in result.differences if d.group == "tail")
    columns = {
        name: np.mean(
            [pl.read_parquet(tmp_path / name / f"run{s}/per_user.parquet")[NAMES["tail"]] for s in range(5)], 0
        )
        for name in ("base", "new")
    }
    d = columns["new"] - columns["base"]
    assert tail.users == USERS - len(range(0, USERS, 3))
    assert tail.interval.estimate == pytest.approx(np.nanmean(d), abs=1e-12)
    assert tail.base == pytest.approx(np.nanmean(columns["base"]), abs=1e-12)
    assert tail.base_sd == pytest.approx(0.002 * np.std(range(5), ddof=1), rel=0.2)
    assert tail.relative.estimate == pytest.approx(np.nanmean(d) / tail.base)
    assert tail.interval.lower < tail.interval_users.lower < np.nanmean(d) < tail.interval_users.upper
    assert set(tail.p) == set(tail.p_holm) == set(tail.p_bh) == {"t", "wilcoxon", "permutation", "bootstrap"}
    assert all(tail.p_holm[test] >= tail.p[test] for test in tail.p)
    assert set(tail.p_seeds) == {"t", "wilcoxon", "permutation"}
    assert tail.p_seeds["permutation"] == 2 / 2**5  # five gains of five: the smallest p there is
    assert tail.cohen == pytest.approx(np.nanmean(d) / np.nanstd(d, ddof=1))
    assert tail.wins > 0.99


def test_spread_over_seeds_widens_the_interval_until_nothing_is_sure(tmp_path: Path) -> None:
    base = side(tmp_path / "base", 5, tail=0.1, head=0.5)
    assert verdict(base, side(tmp_path / "calm", 5, 0.14, 0.5, spread=0.0005)).verdict == "yes"
    wild = verdict(base, side(tmp_path / "wild", 5, 0.14, 0.5, spread=0.03))
    assert wild.verdict == "undecided"
    assert wild.seeds_needed is not None
    assert 5 < wild.seeds_needed < 1_000
    assert f"{wild.seeds_needed} seeds a side" in sentence(wild)


def test_seeds_needed_is_where_the_verdict_falls(tmp_path: Path) -> None:
    base = side(tmp_path / "base", 5, tail=0.1, head=0.5, by="none: closed form")
    wild = verdict(base, side(tmp_path / "wild", 5, 0.12, 0.5, spread=0.012))
    assert wild.seeds_needed is not None
    sd = next(d for d in wild.differences if d.group == "head").new_sd
    assert sd is not None
    outcomes = []
    for seeds in (int(0.8 * wild.seeds_needed), int(1.25 * wild.seeds_needed)):  # estimates move a little with new runs
        spread = sd / float(np.std(range(seeds), ddof=1))  # the same standard deviation over so many seeds
        outcomes.append(verdict(base, side(tmp_path / f"{seeds}", seeds, 0.12, 0.5, spread=spread)).verdict)
    assert outcomes == ["undecided", "yes"]


def test_what_users_leave_open_no_seed_can_close(tmp_path: Path) -> None:
    base = side(tmp_path / "base", 5, tail=0.1, head=0.5)
    result = verdict(base, side(tmp_path / "same", 5, 0.1, 0.5, spread=1e-6))
    assert result.verdict == "undecided"
    assert result.seeds_needed is None
    assert "more seeds would not decide it" in sentence(result)


def test_too_few_seeds_and_selection_on_test_make_no_claim(tmp_path: Path) -> None:
    base = side(tmp_path / "base", 5, tail=0.1, head=0.5)
    few = verdict(base, side(tmp_path / "few", 2, 0.14, 0.5, spread=0.0001))
    assert few.verdict == "undecided"
    assert "new has 2 seeds, the rule requires 5" in sentence(few)
    assert few.seeds_needed == 5
    peeked = verdict(base, side(tmp_path / "peeked", 5, 0.14, 0.5, by="test/ndcg@20"))
    assert peeked.verdict == "undecided"
    assert "only validation may select" in sentence(peeked)
    assert "seeds would" not in sentence(peeked)  # nor would more of the same decide it
    open_anyway = verdict(base, side(tmp_path / "open", 2, 0.1, 0.5, spread=1e-6))
    assert open_anyway.seeds_needed is None
    assert "more seeds would not decide it" in sentence(open_anyway)


def test_a_closed_form_needs_one_run(tmp_path: Path) -> None:
    base = side(tmp_path / "base", 1, tail=0.1, head=0.5, by="none: closed form")
    new = side(tmp_path / "new", 1, tail=0.14, head=0.5, by="none: closed form", model="ease")
    result = verdict(base, new)
    assert result.verdict == "yes"
    assert result.seeds == (1, 1)
    assert all(d.seed_width == 0 for d in result.differences)


def several_splits(top: Path, tail: float, hardness: float, users: int = USERS) -> str:
    """Five seeds, each with a split whose hardness all models share and in which other users lack a tail item."""
    for seed in range(5):
        folder = write_run(top / f"run{seed}", seed, tail, 0.5, fingerprint=f"{seed}" * 64, shift=hardness * (seed - 2))
        frame = pl.read_parquet(folder / "per_user.parquet")
        lacking = pl.int_range(pl.len()) % 5 == seed
        frame = frame.with_columns(
            pl.when(lacking).then(float("nan")).otherwise(pl.col(NAMES["tail"])).alias(NAMES["tail"])
        )
        frame[: users if seed == 4 else USERS].write_parquet(folder / "per_user.parquet")
    return str(top)


def test_seeds_that_are_splits_are_paired(tmp_path: Path) -> None:
    base, new = (several_splits(tmp_path / name, tail, 0.05) for name, tail in (("base", 0.1), ("new", 0.14)))
    result = verdict(base, new)
    assert result.verdict == "yes", sentence(result)  # unpaired, the splits' hardness would drown it
    tail = next(d for d in result.differences if d.group == "tail")
    files = [
        [pl.read_parquet(Path(s) / f"run{i}/per_user.parquet")[NAMES["tail"]] for i in range(5)] for s in (base, new)
    ]
    gains = np.array(files[1]) - np.array(files[0])
    d = np.array([gain[~np.isnan(gain)].mean() if not np.isnan(gain).all() else np.nan for gain in gains.T])
    assert tail.interval.estimate == pytest.approx(np.nanmean(d), abs=1e-12)
    assert tail.users == USERS - len(range(0, USERS, 3))
    assert tail.seed_width < 0.002
    assert tail.p_seeds["t"] < 1e-4


def test_splits_are_paired_with_their_like_alone(tmp_path: Path) -> None:
    base = several_splits(tmp_path / "base", 0.1, 0.05)
    with pytest.raises(UserError, match="different splits"):
        verdict(base, side(tmp_path / "one", 5, 0.14, 0.5))
    with pytest.raises(UserError, match="different test users"):
        verdict(base, several_splits(tmp_path / "few", 0.14, 0.05, users=USERS - 1))


def test_the_json_holds_all_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, new = side(tmp_path / "base", 5, 0.1, 0.5), side(tmp_path / "new", 5, 0.14, 0.5)
    assert main([base, new, "--draws", "200", "--json", str(tmp_path / "claim.json")]) == 0
    written = json.loads((tmp_path / "claim.json").read_text())
    assert written["verdict"] == "yes"
    assert [d["group"] for d in written["differences"]] == ["all", "head", "tail"]
    printed = capsys.readouterr().out
    assert "Tail gain at no head loss: YES" in printed
    assert f"{written['differences'][2]['interval']['lower']:+.5f}" in printed


def test_a_damaged_seed_is_left_out_and_a_damaged_run_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base, new = side(tmp_path / "base", 5, 0.1, 0.5), side(tmp_path / "new", 5, 0.14, 0.5)
    (tmp_path / "base/run1/config.yaml").write_bytes(b"\x80\x81")
    (tmp_path / "new/run3/per_user.parquet").write_bytes(b"PAR1")
    main([base, new, "--draws", "50"])
    out = capsys.readouterr().out
    assert "(4 runs)" in out
    assert "base/run1: config.yaml cannot be read" in out
    assert "new/run3: per_user.parquet cannot be read" in out
    with pytest.raises(UserError, match=r"run1: config.yaml cannot be read"):
        main([str(tmp_path / "base/run1"), new])


def test_values_that_nobody_has_on_both_sides_are_no_verdict(tmp_path: Path) -> None:
    base, new = side(tmp_path / "base", 5, 0.1, 0.5), side(tmp_path / "new", 5, 0.14, 0.5)
    for run in range(5):
        file = tmp_path / f"new/run{run}/per_user.parquet"
        pl.read_parquet(file).with_columns(pl.lit(float("nan")).alias(NAMES["tail"])).write_parquet(file)
    with pytest.raises(UserError, match="no test user has a value of items20/tail/ndcg@20 on both sides"):
        verdict(base, new)


@pytest.mark.filterwarnings("error")
def test_copies_of_a_closed_form_are_no_sample_of_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, tail in (("base", 0.1), ("new", 0.3)):
        for copy in range(2):
            run = write_run(tmp_path / name / f"copy{copy}", 0, tail, 0.4, by="none: closed form")
            recipe = (run / "config.yaml").read_text()
            (run / "config.yaml").write_text(recipe.replace("seed: 0", f"seed: {copy}", 1))
    found = verdict(str(tmp_path / "base"), str(tmp_path / "new"))
    assert [difference.p_seeds for difference in found.differences] == [{}, {}, {}]
    assert main([str(tmp_path / "base"), str(tmp_path / "new")]) == 0
    assert "runs: t" not in capsys.readouterr().out
    side(tmp_path / "trained", 3, 0.3, 0.4)  # one side varies
    assert 0 < verdict(str(tmp_path / "base"), str(tmp_path / "trained")).differences[0].p_seeds["t"] < 1


def test_missing_values_of_users_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, new = side(tmp_path / "base", 5, 0.1, 0.4), side(tmp_path / "new", 6, 0.3, 0.4)
    for run in range(6):
        (tmp_path / "new" / f"run{run}" / "topk.parquet").touch()
    (tmp_path / "new/run5/per_user.parquet").unlink()
    assert main([base, new]) == 0
    assert f"Left out, damaged: {tmp_path / 'new/run5'}: per_user.parquet is missing." in capsys.readouterr().out
    (tmp_path / "base/run0/per_user.parquet").unlink()  # as of a run imported from W&B, which has no lists either
    with pytest.raises(UserError, match=r"run0 has no per_user\.parquet, so that nothing can be tested over its users"):
        main([base, new])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--level", "2"], "level=2.0 given, a number above 0 and less than 1 wanted."),
        (["--level", "nan"], "level=nan given, a number above 0 and less than 1 wanted."),
        (["--margin", "-0.1"], "margin=-0.1 given, a number from 0 to less than 1 wanted."),
        (["--draws", "0"], "draws=0 given, a whole number of at least 1 wanted."),
        (["--seed", "-1"], "seed=-1 given, a whole number of at least 0 wanted."),
    ],
)
def test_numbers_out_of_bounds_are_refused(tmp_path: Path, words: list[str], message: str) -> None:
    base, new = side(tmp_path / "base", 2, 0.1, 0.5, 0.002), side(tmp_path / "new", 2, 0.14, 0.5, 0.004)
    with pytest.raises(UserError) as caught:
        main([base, new, *words])
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("tail", "head", "expected"), [(0.06, 0.5, "yes"), (0.14, 0.5, "no"), (0.06, 0.53, "no"), (0.1, 0.5, "undecided")]
)
def test_a_claim_reads_less_as_a_gain(tmp_path: Path, tail: float, head: float, expected: str) -> None:
    base = recorded(side(tmp_path / "base", 5, tail=0.1, head=0.5, spread=0.0005))
    new = recorded(side(tmp_path / "new", 5, tail=tail, head=head, spread=0.0005))
    result = claim(load_group(base), load_group(new), METRIC, "items20", margin=0.01, level=0.95, draws=400, seed=0)
    assert result.verdict == expected
    found = next(d for d in result.differences if d.group == "tail")
    assert (found.interval.estimate < 0) == (tail < 0.1) or expected == "undecided"  # the number itself is new - base
    assert (found.wins > found.losses) == (tail < 0.1) or expected == "undecided"
