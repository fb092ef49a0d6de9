"""Every value is checked before anything is loaded: one message, whichever command."""

from __future__ import annotations

from pathlib import Path

import pytest

from ltgnn.config.check import refuse_wrong_values
from ltgnn.types import UserError
from tests.config.check_case import composed, node, refused

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("lr=abc", "lr=abc given, a number above 0 wanted."),
        ("lr=[1e-3,1e-2]", "lr=[0.001,0.01] given, a number above 0 wanted."),
        ("lr=nan", "lr=nan given, a number above 0 wanted."),
        ("lr=inf", "lr=inf given, a number above 0 wanted."),
        ("lr=true", "lr=true given, a number above 0 wanted."),
        ("lr=", "lr='' given, a number above 0 wanted."),
        ("dim=-3", "dim=-3 given, a whole number of at least 1 wanted."),
        ("dim=0", "dim=0 given, a whole number of at least 1 wanted."),
        ("dim='64'", "dim='64' given, a whole number of at least 1 wanted."),
        ("dim=64.0", "dim=64.0 given, a whole number of at least 1 wanted."),
        ("model.encoder=3", "model.encoder=3 given, a part with a _target_ or null wanted."),
        ("loss.l2=none", "loss.l2='none' given, a part with a _target_ or null wanted."),
        ("eval.ks=[]", "eval.ks=[] given, a list that is not empty (a whole number of at least 1 each) wanted."),
        ("num_layers=1.5", "num_layers=1.5 given, a whole number of at least 0 wanted."),
        ("num_layers=-1", "num_layers=-1 given, a whole number of at least 0 wanted."),
        ("num_layers=true", "num_layers=true given, a whole number of at least 0 wanted."),
        ("reg=-1", "reg=-1 given, a number of at least 0 wanted."),
        ("seed=foo", "seed=foo given, a whole number above -2^63 and less than 2^63 wanted."),
        ("seed=9223372036854775808", "a whole number above -2^63 and less than 2^63 wanted."),
        ("epochs=0", "epochs=0 given, a whole number of at least 1 wanted."),
        ("eval_every=0", "eval_every=0 given, a whole number of at least 1 wanted."),
        ("patience=-1", "patience=-1 given, a whole number of at least 0 wanted."),
        ("shared_batches=0", "shared_batches=0 given, a whole number of at least 1 wanted."),
        ("tags=mine", "tags=mine given, a list (text each) or null wanted."),
        ("eval.ks=[0]", "eval.ks[0]=0 given, a whole number of at least 1 wanted."),
        ("eval.ks=20", "eval.ks=20 given, a list that is not empty (a whole number of at least 1 each) wanted."),
        ("eval.metrics.recall.capped=3", "eval.metrics.recall.capped=3 given, true or false wanted."),
        ("sampler.epoch_unit=edge", "sampler.epoch_unit=edge given, edges or users wanted."),
        ("sampler.negatives=3", "Did you mean sampler.negatives.negatives=3?"),
        ("sampler.negatives.negatives=0", "a whole number of at least 1 wanted."),
        ("split.val=1", "split.val=1 given, a number above 0 and less than 1 wanted."),
        ("optim.lr=-1", "optim.lr=-1 given, a number above 0 wanted."),
        ("trainer.accelerator=abacus", "trainer.accelerator=abacus given, one of auto, cpu, gpu"),
        ("graph.kernel.rounds=0", "graph.kernel.rounds=0 given, a whole number of at least 1 wanted."),
        ("model.encoder.readout.ego=2", "true or false or a number from 0 to 1 wanted."),
        ("callbacks.early_stop.patience=-1", "callbacks.early_stop.patience=-1 given, a whole number of at least 0"),
        ("features.encoder.pooling=meen", "features.encoder.pooling=meen given, one of mean, cls, max, last wanted."),
        ("data.cleaning.repeats=frist", "one of first, last, sum or null wanted."),
        ("groups.items20.shares=[0.2,-0.8]", "groups.items20.shares[1]=-0.8 given, a number above 0 and at most 1"),
        ("sweep.on_error=halt", "sweep.on_error=halt given, continue or stop wanted."),
        ("+loss.ranking.temprature=1", "loss.ranking.temprature: BPR takes no 'temprature'."),
        ("+split.fold=1", "split.fold: RandomSplit takes no 'fold'."),
        ("~split.val", "split.val is missing, a number above 0 and less than 1 wanted."),
        ("loss.ranking._target_=ltgnn.losses.ranking.BRP", "cannot be imported"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_wanted(override: str, message: str) -> None:
    text = refused(override)
    assert message in text
    assert "\n" not in text


def test_several_wrong_values_are_named_together() -> None:
    assert refused("lr=abc", "dim=0").split("\n") == [
        "dim=0 given, a whole number of at least 1 wanted.",
        "lr=abc given, a number above 0 wanted.",
    ]


def test_rules_are_checked() -> None:
    cfg, _ = composed("recommend", "rules=tail", "rules.tail.share=3")
    with pytest.raises(UserError, match=r"rules\.tail\.share=3 given, a number from 0 to 1 wanted"):
        refuse_wrong_values(cfg, "recommend")


def test_the_knobs_of_a_run_are_not_judged_again() -> None:
    cfg, choices = composed("evaluate", "run=DIR", "+lr=abc", "+trainer.accelerator=gpu")
    refuse_wrong_values(cfg, "evaluate", choices)


OWN = """
from __future__ import annotations
from typing import Annotated, Literal
from annotated_types import Ge, Lt

class Loss:
    def __init__(self, rate: Annotated[float, Ge(0), Lt(1)], kind: Literal["a", "b"], free, sizes: list[int] = []): ...

class Child(Loss):
    def __init__(self, more: bool, **options): super().__init__(**options)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of the user's own, outside of ltgnn."""
    (tmp_path / "own_losses_of_mine.py").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "own_losses_of_mine"


def test_a_class_of_the_users_own_is_checked_by_its_annotations(package: str) -> None:
    good = {"_target_": f"{package}.Loss", "rate": 0, "kind": "a", "free": object}
    assert node(good) == []
    assert node(good | {"rate": 1}) == ["loss.mine.rate=1 given, a number from 0 to less than 1 wanted."]
    assert node(good | {"kind": "c"}) == ["loss.mine.kind=c given, a or b wanted."]
    assert node(good | {"sizes": [1, 2.5]}) == ["loss.mine.sizes[1]=2.5 given, a whole number wanted."]
    assert node(good | {"kinds": "a"}) == ["loss.mine.kinds: Loss takes no 'kinds'. Did you mean 'loss.mine.kind'?"]
    partial = {"_target_": f"{package}.Loss", "_partial_": True, "rate": 0.5}
    assert node(partial) == []
    assert node({"_target_": f"{package}.Loss", "_args_": [0.5, "a", 1]}) == []


def test_options_that_are_handed_on_are_those_of_the_base_class(package: str) -> None:
    good = {"_target_": f"{package}.Child", "more": True, "rate": 0.5, "kind": "b", "free": 1}
    assert node(good) == []
    assert node(good | {"rate": -1}) == ["loss.mine.rate=-1 given, a number from 0 to less than 1 wanted."]
