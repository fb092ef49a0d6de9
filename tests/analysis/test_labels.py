"""What tells runs apart in tables: the words that differ, and nothing that other words imply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ltgnn.analysis.labels import differing_keys, labels, names, short_keys
from ltgnn.runs.run import Run

CHOICES = {"model": "lightgcn", "fusion": "id", "loss": "bpr"}


def config(**changes: Any) -> dict[str, Any]:
    return {"seed": 1, "dim": 64, "tags": [], "choices": CHOICES, **changes}


def run(overrides: tuple[str, ...] = (), name: str = "000_run", **changes: Any) -> Run:
    return Run(Path(name), config(**changes), {}, overrides=overrides)


def told(*configs: dict[str, Any]) -> list[str]:
    return labels([Run(Path(), c, {}) for c in configs])


def text(word: str, transform: str = "none", **more: Any) -> dict[str, Any]:
    """Choices as Hydra records them: each word of ``features`` brings words below itself."""
    below: dict[str, dict[str, Any]] = {
        "none": {},
        "tfidf": {"features/transform": transform, "features/control": "none", "features/store": "cache"},
        "shuffled": {
            "features/encoder": "huggingface",
            "features/transform": transform,
            "features/control": "shuffled",
        },
        "minilm_numbers": {
            "features/encoder@features.parts.text.encoder": "huggingface",
            "features/transform@features.parts.numbers.transform": transform,
            "features/store@features.parts.text.store": "cache",
        },
    }
    return CHOICES | {"features": word} | below[word] | more


def test_only_differences_are_named() -> None:
    assert told(config(), config(dim=32)) == ["dim=64", "dim=32"]
    assert told(config(), config(choices=CHOICES | {"fusion": "sum"})) == ["fusion=id", "fusion=sum"]
    assert told(config()) == ["lightgcn id bpr"]


def test_a_closed_form_has_no_knobs_of_training() -> None:
    trained = run(choices=CHOICES, lr=0.01, batch_size=512)
    closed = run(choices=CHOICES | {"model": "ease"}, lr=0.001, batch_size=2048, model={"closed_form": {}})
    assert labels([closed, trained]) == ["ease", "lightgcn"]
    slower = run(choices=CHOICES, lr=0.001, batch_size=512)
    assert labels([closed, trained, slower]) == ["ease", "lightgcn lr=0.01", "lightgcn lr=0.001"]


def test_a_sweep_over_text_is_named_by_its_words_alone() -> None:
    words = ("none", "tfidf", "shuffled", "minilm_numbers")
    runs = [run(choices=text(word)) for word in words]
    assert labels(runs) == [f"features={word}" for word in words]
    assert differing_keys(runs) == ("features",)


def test_a_word_below_another_is_named_where_it_was_chosen() -> None:
    both = [run(choices=text(w, t)) for w in ("tfidf", "shuffled") for t in ("none", "l2")]
    assert differing_keys(both) == ("features", "features/transform")
    given = [
        run(choices=text("none")),
        run(("features=tfidf", "features/transform=l2"), choices=text("tfidf", "l2")),
    ]  # as far as these two go, "tfidf" would imply it
    assert labels(given)[1] == "features=tfidf features/transform=l2"


def test_a_none_below_another_word_is_not_named_beside_a_choice() -> None:
    runs = [run(choices=text("tfidf")), run(choices=text("shuffled")), run(choices=text("tfidf", "whiten"))]
    assert labels(runs) == ["features=tfidf", "features=shuffled", "features=tfidf features/transform=whiten"]


def test_numbers_of_a_search_have_four_digits() -> None:
    assert told(config(lr=0.004430375245218269), config(lr=0.01)) == ["lr=0.00443", "lr=0.01"]
    close = told(config(lr=0.0044303752), config(lr=0.0044303753))
    assert close == ["lr=0.0044303752", "lr=0.0044303753"]


def test_options_have_the_names_of_their_groups_where_the_model_is_the_same() -> None:
    sweep = [run(choices=CHOICES | {"fusion": f, "loss": loss}) for f in ("id", "sum") for loss in ("bpr", "softmax")]
    assert labels(sweep) == [
        "fusion=id loss=bpr",
        "fusion=id loss=softmax",
        "fusion=sum loss=bpr",
        "fusion=sum loss=softmax",
    ]


def test_the_seed_is_last_and_only_of_single_runs() -> None:
    runs = [
        run(seed=seed, choices=CHOICES | {"fusion": fusion}, split={"seed": seed})
        for fusion in ("id", "sum")
        for seed in (1, 2)
    ]
    assert labels(runs) == ["fusion=id", "fusion=id", "fusion=sum", "fusion=sum"]
    assert labels(runs, seeds=True) == [f"fusion={word} seed={seed}" for word in ("id", "sum") for seed in (1, 2)]
    follows = [run((f"split.seed={seed}", "fusion=id"), seed=seed, split={"seed": seed}) for seed in (1, 2)]
    assert labels(follows) == ["lightgcn id bpr"] * 2


def test_an_experiment_says_all_that_is_not_set_beside_it() -> None:
    a, b = CHOICES | {"experiment": "quickstart/a"}, CHOICES | {"experiment": "b", "fusion": "sum"}
    assert told(config(choices=a), config(choices=b, dim=32)) == ["a", "b"]
    wide = [run((f"experiment={c['experiment']}", f"dim={dim}"), choices=c, dim=dim) for c in (a, b) for dim in (8, 16)]
    assert labels(wide) == ["a dim=8", "a dim=16", "b dim=8", "b dim=16"]
    shop = CHOICES | {"experiment": "quickstart_shop/c", "fusion": "sum"}
    assert told(config(choices=a), config(choices=shop, dim=32)) == ["a", "c"]
    none = CHOICES | {"experiment": None, "model": "mf"}
    assert labels([run(("experiment=b",), choices=b), run(choices=none)]) == ["b", "mf id bpr"]


def test_own_words_and_keys_are_axes() -> None:
    runs = [run((f"loss.ranking.temperature={t}",), loss={"ranking": {"temperature": t}}) for t in (0.1, 0.2)]
    assert labels(runs) == ["temperature=0.1", "temperature=0.2"]
    mine = [run((f"myaxis={word}",), choices=CHOICES | {"myaxis": word}) for word in ("hinge", "cube")]
    assert labels(mine) == ["myaxis=hinge", "myaxis=cube"]
    lists = [run((f"+x=[{word}]",), x=[word]) for word in ("/a", "/b")]
    assert labels(lists) == ["x=['/a']", "x=['/b']"]


@pytest.mark.parametrize("model", ["ease", "popularity", "random"])
def test_a_closed_form_has_neither_fusion_nor_loss(model: str) -> None:
    closed = {"model": {"closed_form": {"_target_": "x"}}, "optim": {"lr": 1}}
    one = run(choices=CHOICES | {"model": model, "optim": "adam", "trainer": "auto"}, **closed)
    assert labels([one]) == [model]
    trained = run(choices=CHOICES | {"optim": "adam", "trainer": "auto"})
    assert labels([one, trained]) == [model, "lightgcn"]
    third = run(choices=trained.config["choices"] | {"fusion": "sum"})
    assert labels([one, trained, third]) == [model, "lightgcn id", "lightgcn sum"]
    assert (one.option("fusion"), one.option("loss"), one.option("graph/kernel")) == ("-", "-", "-")


def test_an_evaluation_shows_what_was_changed() -> None:
    original = run(choices=CHOICES | {"score": "dot"}, score={"norm_power": 0})
    changed = run(
        choices=CHOICES | {"score": "content_fit"}, task="evaluate", changed="score=content_fit", run="x", score={}
    )
    assert labels([changed]) == ["lightgcn id bpr score=content_fit"]
    assert labels([original, changed]) == ["score=dot", "score=content_fit"]
    spaced = run(changed="score.adjustments={a: 1, b: 2} groups=all")
    assert spaced.changed == {"score.adjustments": "{a: 1, b: 2}", "groups": "all"}


def test_an_ensemble_is_told_by_what_its_members_have_too() -> None:
    ensemble = {"model": "ensemble-learned", "fusion": "-", "loss": "-", "features": "minilm", "blend": "learned"}
    closed = {"model": {"closed_form": {"runs": {}}}}
    blends = [
        Run(Path(), {"task": "ensemble", "seed": 1, "depth": 100, "reads_features": True, "choices": ensemble | {
            "blend": word, "model": f"ensemble-{word}"}, **closed}, {})
        for word in ("learned", "zscore")
    ]  # fmt: skip
    member = run(choices=text("none"), epochs=4)
    assert labels([member, blends[0]]) == ["lightgcn features=none", "ensemble-learned features=minilm"]
    assert labels(blends) == ["ensemble-learned", "ensemble-zscore"]


def test_each_adjustment_of_an_evaluation_is_a_column_of_its_own() -> None:
    turned = [config(changed=f"score=content score.norm_power={p}", score={"norm_power": p}, run="x") for p in (0, 1)]
    assert told(*turned) == ["norm_power=0", "norm_power=1"]
    runs = [Run(Path(), c, {}) for c in turned]
    assert differing_keys(runs) == ("score.norm_power",)
    assert [run.option("score.norm_power") for run in runs] == ["0", "1"]
    assert (runs[0].option("fusion"), runs[0].option("dim"), runs[0].option("score.nothing")) == ("id", "64", "-")


def test_labels_are_one_line_of_plain_text() -> None:
    odd = ["[/a]", "b\nc", "\x1b[31mred\x1b[0m", "\x07bell", "\ud800", "‮back"]
    runs = [run((f"+x={word}",), x=word) for word in odd]
    assert labels(runs) == ["x=[/a]", "x=b c", "x=red", "x=�bell", "x=�", "x=�back"]


def test_two_sides_are_named_by_what_they_are_and_where_they_differ() -> None:
    assert names([run(choices=text("none")), run(choices=text("tfidf"))]) == [
        "lightgcn id bpr features=none",
        "lightgcn id bpr features=tfidf",
    ]


def test_keys_are_short_where_that_is_clear() -> None:
    keys = (
        "model.closed_form.l2",
        "loss.l2.weight",
        "score.adjustments.content.weight",
        "split.seed",
        "fusion",
        "a@b.c",
    )
    shown = short_keys(keys, {"seed": 1})
    assert shown == {key: key for key in keys} | {"model.closed_form.l2": "l2"}
