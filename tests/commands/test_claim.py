"""``ltgnn claim``: which runs are base and which new, the verdict first, all tests only where asked for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ltgnn.analysis.claim_text import p_value
from ltgnn.commands.claim import main
from ltgnn.types import UserError
from tests.analysis.made import side, write_run
from tests.analysis.test_event_groups import with_scenes

DRAWS = ["--draws", "50"]


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Five seeds of two configurations in one folder, named as a sweep names them."""
    for seed in range(5):
        write_run(tmp_path / f"00{seed}_lightgcn_id_a", seed, 0.1, 0.5)
        write_run(tmp_path / f"00{seed}_lightgcn_sum_b", seed, 0.14, 0.5, fusion="sum")
    return tmp_path


def globbed(sweep: Path, pattern: str) -> list[str]:
    """As a shell expands it."""
    return sorted(map(str, sweep.glob(pattern)))


def test_all_ways_to_name_the_sides_are_one_claim(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    base, new = globbed(sweep, "*_id_*"), globbed(sweep, "*_sum_*")
    said = []
    for words in (
        [*base, "--", *new, *DRAWS],
        [*DRAWS, *base, "--", *new],
        ["--base", *base, "--new", *new, *DRAWS],
        [f"{sweep}/*_id_*", f"{sweep}/*_sum_*", *DRAWS],
        [f"{sweep}:fusion=id", f"{sweep}:fusion=sum", *DRAWS],
    ):
        assert main(words) == 0
        said.append(capsys.readouterr().out)
    assert len(set(said)) == 1
    assert "base: lightgcn id bpr (5 runs)" in said[0]
    assert said[0].startswith("Tail gain at no head loss: YES\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["{id}"], "of 5 places it is not clear which are base: write BASE... -- NEW..."),
        (["{id}", "{sum}"], "of 10 places it is not clear which are base"),
        (["{id}", "--"], "nothing is named as new"),
        (["--", "{sum}"], "nothing is named as base"),
        (["--base", "{id}"], "nothing is named as new"),
        (["{id}", "--", "{sum}", "--", "{sum}"], "-- is there twice"),
        (["x", "--base", "{id}"], "'x' is neither behind --base nor behind --new"),
        ([], "two sides are compared"),
        (["{id}", "{sum}", "--", "{sum}"], "differ in more than the seed: fusion"),
        (["{id}", "--", "{id}"], "is on both sides, with 4 more"),
    ],
)
def test_what_is_ambiguous_is_refused(sweep: Path, words: list[str], told: str) -> None:
    given = {"{id}": globbed(sweep, "*_id_*"), "{sum}": globbed(sweep, "*_sum_*")}
    with pytest.raises(UserError) as mistake:
        main([place for word in words for place in given.get(word, [word])])
    assert told in str(mistake.value)


def test_a_glob_that_matches_two_seeds_is_not_two_sides(sweep: Path) -> None:
    first, second = globbed(sweep, "*_id_*")[:2]
    with pytest.raises(UserError, match="differ only in the seed, as a shell makes of a glob for one side"):
        main([first, second])
    assert main(["--base", first, "--new", second, *DRAWS]) == 3


def test_tests_and_effect_sizes_are_details(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"{sweep}:fusion=id", f"{sweep}:fusion=sum", *DRAWS]
    main(words)
    short = capsys.readouterr().out
    assert "Cohen" not in short
    assert "p: two-sided permutation test over users" in short
    main([*words, "--details"])
    long = capsys.readouterr().out
    for name in ("paired t", "Wilcoxon", "permutation", "bootstrap", "Holm", "Benjamini-Hochberg", "Cohen's d"):
        assert name in long
    assert max(map(len, long.splitlines())) <= 120


def test_seeds_with_their_own_splits_pair_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in range(5):
        write_run(tmp_path / f"base/{seed}", seed, 0.1, 0.5, fingerprint=f"{seed}" * 64)
    for seed in (3, 1, 2, 7):
        write_run(tmp_path / f"new/{seed}", seed, 0.14, 0.5, fusion="sum", fingerprint=f"{seed}" * 64)
    assert main([f"{tmp_path}/base", f"{tmp_path}/new", "--json", f"{tmp_path}/claim.json", *DRAWS]) == 3
    assert "Warning: each seed has its own split; seeds that only one side has are left out: 0, 4, 7" in (
        capsys.readouterr().out
    )
    assert json.loads((tmp_path / "claim.json").read_text())["seeds"] == [3, 3]


def test_p_values_are_short() -> None:
    assert [p_value(p) for p in (4.9e-27, 0.00034, 0.0099, 0.0312, 1.0)] == [
        "< 0.0001", "0.0003", "0.0099", "0.03", "1.00",
    ]  # fmt: skip


def test_runs_are_counted_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([side(tmp_path / "a", 1, 0.1, 0.5), side(tmp_path / "b", 1, 0.1, 0.5, fusion="sum"), *DRAWS])
    assert "run(s)" not in capsys.readouterr().out


def test_by_scene_the_difference_of_each_is_shown_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed in range(5):
        with_scenes(tmp_path / f"a/{seed}", seed)
        with_scenes(tmp_path / f"b/{seed}", seed, tail=0.14, shift=0.02, fusion="sum")
    words = [str(tmp_path / "a"), str(tmp_path / "b"), *DRAWS]
    code = main(words)
    before = capsys.readouterr().out
    file = tmp_path / "claim.json"
    assert main([*words, "--by", "scene", "--json", str(file)]) == code
    said = capsys.readouterr().out
    assert said.startswith(before.rstrip()), "the claim itself stays as it is"
    assert "ndcg@20 by held-out pairs by channel of the event" in said
    assert re.search(r"store +\d+ +0\.2[45]\d\d +0\.2[67]\d\d +\+0\.02000", said)
    by = json.loads(file.read_text())["by"]["scene"]
    assert [one["group"] for one in by] == ["web", "store", "app"]
    with pytest.raises(UserError, match=r"--by device: .*there are: scene"):
        main([*words, "--by", "device"])
