"""Which kinds of features a run reads, by the sections of its recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ltgnn.analysis.feature_kinds import keys_of_seed, kinds_of_runs, rest_of_recipe
from ltgnn.runs.run import Run


def part(encoder: str, control: str = "transform.Keep") -> dict[str, Any]:
    return {"encoder": encoder, "control": {"_target_": f"ltgnn.features.{control}", "seed": 0}}


def run(word: str, section: dict[str, Any], reads: bool = True, **more: Any) -> Run:
    config = {"choices": {"features": word}, "features": section, "seed": 1, "fusion": {"a": 1}, "dim": 8} | more
    return Run(Path(word), config, {"reads_features": reads})


def test_a_kind_is_its_section_without_the_control() -> None:
    runs = [
        run("shuffled", part("minilm", "controls.Shuffled")),
        run("minilm", part("minilm")),
        run("minilm+images", {"parts": {"minilm": part("minilm", "controls.Random"), "images": part("clip")}}),
        run("images", part("dinov2")),
        run("pair", {"parts": {"both": {"parts": {"a": part("a"), "b": part("b", "mine.Noise")}}}}),
        run("minilm", part("minilm"), reads=False),
    ]
    found = kinds_of_runs(runs)
    assert [dict(kinds.states) for kinds in found] == [
        {"minilm": "shuffled"},
        {"minilm": "real"},
        {"minilm": "random", "images": "real"},
        {"images #2": "real"},
        {"both.a": "real", "both.b": "Noise"},
        {},
    ]
    assert [kinds.label for kinds in found[-4:]] == [
        "minilm (random)+images", "images #2", "both.a+both.b (Noise)", "no features",
    ]  # fmt: skip
    assert found[2].without("minilm").key == frozenset({("images", "real")})
    assert found[1].having("minilm", "shuffled").key == found[0].key


def test_what_else_two_runs_may_differ_in() -> None:
    one = run("minilm", part("minilm"), split={"seed": 1})
    other = run("images", part("clip"), split={"seed": 2}, seed=2)
    bare = run("none", {}, reads=False, fusion={"b": 2}, split={"seed": 1})
    follow = keys_of_seed([one, other, bare])
    assert follow == {"seed", "split.seed"}
    assert rest_of_recipe(one, follow, False) == rest_of_recipe(other, follow, False)
    assert rest_of_recipe(one, follow, False) != rest_of_recipe(bare, follow, False)
    assert rest_of_recipe(one, follow, True) == rest_of_recipe(bare, follow, True)
