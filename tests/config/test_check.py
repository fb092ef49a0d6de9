"""Every value is checked before anything is loaded: one message, whichever command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from annotated_types import Ge, Gt, Le, Lt
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf

from ltgnn.config import resolvers
from ltgnn.config.check import findings, refuse_wrong_values
from ltgnn.config.nodes import nodes
from ltgnn.config.parameters import UNKNOWN, Parameter, of_target
from ltgnn.config.paths import conf_dir
from ltgnn.config.refusals import Finding, refusals
from ltgnn.config.resolving import resolved
from ltgnn.config.search_path import option_names as options
from ltgnn.types import UserError


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """No job of Hydra's is running: what other tests left in the process has no say."""
    monkeypatch.setattr(HydraConfig.instance(), "cfg", None)


@pytest.fixture(scope="module", autouse=True)
def tree() -> Iterator[None]:
    resolvers.register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        yield


def composed(root: str, *overrides: str) -> tuple[DictConfig, dict[str, Any]]:
    """The config of a command, and the word of each group."""
    cfg = compose(root, list(overrides), return_hydra_config=True)
    choices = dict(cfg.hydra.runtime.choices)
    return cfg, choices


def refused(*overrides: str, root: str = "train") -> str:
    """The message about a config that is refused."""
    cfg, choices = composed(root, *overrides)
    with pytest.raises(UserError) as caught:
        refuse_wrong_values(cfg, root, choices)
    return str(caught.value)


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


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["monitor=val/ndgc@20"], "unknown value 'ndgc@20'. Did you mean: ndcg@20"),
        (["monitor=val/ndcg@7"], "unknown value 'ndcg@7'"),
        (["monitor=val/items20/tial/ndcg@20"], "Did you mean: items20/tail/ndcg@20"),
        (["monitor=train/ndcg@20"], "unknown part 'train'"),
        (["features=none", "fusion=sum"], "fusion=sum needs item features, but features=none was given."),
        (["features=none", "model=content_knn"], "model=content_knn needs item features"),
        (["features=none", "score=content"], "score=content needs item features"),
        (["features=none", "graph=semantic"], "graph=semantic needs item features"),
        (["features=none", "model=alpharec", "fusion=content"], "model=alpharec needs item features"),
        (["model=alpharec"], "set fusion=content"),
        (["sampler=in_batch"], "loss=bpr needs sampled negatives, but sampler=in_batch draws none."),
        (["sampler=in_batch", "loss=bpr_tail"], "loss=bpr_tail needs sampled negatives"),
        (["sampler=in_batch", "loss=sl", "loss.ranking.in_batch=false"], "loss.ranking.in_batch=true or sampler="),
        (["sampler.negatives.shared=true"], "sampler.negatives.exclude_train=false"),
        (["loss=bpr_infonce"], "loss=bpr_infonce needs other views of the graph, but views=clean gives none."),
        (["loss=bpr_infonce", "views=simgcl", "num_layers=0"], "views=simgcl differ by what happens between"),
        (["loss=bpr_infonce", "views=xsimgcl", "views.layer=4"], "views.layer=4 given, but the model has the layers 1"),
        (["loss=bpr_align"], "loss=bpr_align needs projected features, but fusion=id has none."),
        (["split.val=0.5", "split.test=0.6"], "together below 1"),
        (["split=folds", "split.fold=5"], "wanted 0 <= fold < folds"),
        (["score=content_fit", "~score.adjustments.content"], "score.adjustments is empty"),
        (
            ["data=amazon_book", "split=official", "split.val=0", "score=content_fit"],
            "score.fit chooses by validation, but this split has none",
        ),
        (["groups.mass.shares=[0.5,0.3,0.3]"], "groups.mass.shares=[0.5,0.3,0.3]: wanted one share for each name"),
        (["groups.mass.names=[head,tail]"], "groups.mass.names=[head,tail] and groups.mass.shares=[0.5,0.3,0.2]"),
        (["fusion=side"], "fusion=side gives its projected features to the losses alone, and loss=bpr reads none"),
        (["trainer=ddp", "loss=directau"], "trainer=ddp: loss.ranking sees a batch as one"),
        (["trainer=ddp", "loss=softmax", "sampler=in_batch"], "trainer=ddp: loss.ranking sees a batch as one"),
        (["trainer=ddp", "~callbacks.checkpoint"], "set callbacks.checkpoint, or trainer=auto"),
        (["trainer=dim_parallel", "loss=bpr_align", "fusion=side"], "trainer=dim_parallel: loss.alignment reads more"),
        (["trainer=dim_parallel", "fusion=sum"], "trainer=dim_parallel: fusion=sum reads several columns"),
        (["trainer=dim_parallel", "model=sasrec"], "model=sasrec reads several columns of a state at once"),
        (["trainer=dim_parallel", "model=lightgcn_historical"], "model=lightgcn_historical reads several columns"),
        (["trainer=dim_parallel", "views=simgcl"], "views=simgcl reads several columns"),
        (["trainer=dim_parallel", "sampler=hard"], "sampler=hard reads several columns"),
        (["trainer=dim_parallel", "dim=5"], "dim=5 is not a multiple of trainer.devices=2"),
        (["trainer=dim_parallel", "trainer.gradient_clip_val=1.0"], "trainer.gradient_clip_val is a norm over all"),
        (["live=lora", "fusion=sum", "features=tfidf"], "live=lora trains a Hugging Face encoder on item text, and"),
        (["live=lora", "fusion=sum", "features=numbers"], "features=numbers has none. Set features=minilm"),
        (["live=lora", "fusion=sum", "features/transform=whiten"], "set features/transform=none"),
    ],
)
def test_words_that_do_not_go_together_are_refused_at_once(overrides: list[str], message: str) -> None:
    assert message in refused(*overrides)


def test_half_of_an_odd_batch_is_refused() -> None:
    message = "batch_size=31: objective=purchase takes half of a batch as bought, give an even number."
    assert refused("objective=purchase", "batch_size=31", root="finetune") == message
    cfg, choices = composed("finetune", "objective=copurchase", "batch_size=31", "trainer=cpu")
    refuse_wrong_values(cfg, "finetune", choices)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert refused("trainer=gpu").startswith("trainer=gpu: there is no GPU here")


@pytest.mark.parametrize(
    "overrides",
    [
        ["sampler=in_batch", "loss=softmax"],
        ["sampler=in_batch", "loss=directau"],
        ["features=none", "model=ease", "fusion=sum"],  # a closed form has no fusion
        ["loss=bpr_infonce", "views=xsimgcl"],
        ["loss=bpr_align", "fusion=side"],
        ["score=content_fit", "monitor=val/balanced"],
        ["score=content_fit", "split=official", "split.val=0", "data=processed"],  # it may publish a validation part
        ["trainer=ddp", "loss=bce"],
        ["trainer=dim_parallel", "fusion=init"],
        ["trainer=dim_parallel", "loss=softmax", "loss.ranking.in_batch=false"],
        ["trainer=ddp", "model=ease", "loss=directau"],  # a closed form has no loss
        ["live=lora", "fusion=sum"],
        ["live=full", "fusion=sum", "features=folder", "features.encoder.model=X"],
        ["monitor=val/activity/casual/items20/tail/recall@20"],
        ["lr=1", "num_layers=0", "patience=0", "min_epochs=0"],
        ["data.name=2018", "data.reader.user=0"],  # text that looks like a number
        ["+temperature=0.1"],  # a knob of the user's own
    ],
)
def test_what_goes_together_is_let_through(overrides: list[str]) -> None:
    cfg, choices = composed("train", *overrides)
    refuse_wrong_values(cfg, "train", choices)


def test_several_wrong_values_are_named_together() -> None:
    assert refused("lr=abc", "dim=0").split("\n") == [
        "dim=0 given, a whole number of at least 1 wanted.",
        "lr=abc given, a number above 0 wanted.",
    ]


@pytest.mark.parametrize(
    ("root", "override", "message"),
    [
        ("evaluate", "seed=1.5", "seed=1.5 given"),
        ("evaluate", "eval.block_mib=0", "eval.block_mib=0 given, a number above 0 wanted."),
        ("finetune", "batch_size=1", "batch_size=1 given, a whole number of at least 2 wanted."),
        ("finetune", "dropout=1", "dropout=1 given, a number from 0 to less than 1 or null wanted."),
        ("finetune", "adapt.rank=0", "adapt.rank=0 given, a whole number of at least 1 wanted."),
        ("ensemble", "depth=0", "depth=0 given, a whole number of at least 1 wanted."),
        ("ensemble", "blend.fitting.shrink=0", "blend.fitting.shrink=0 given, a number above 0 wanted."),
    ],
)
def test_other_commands_have_a_schema_too(root: str, override: str, message: str) -> None:
    assert message in refused(override, root=root)


def test_rules_are_checked() -> None:
    cfg, _ = composed("recommend", "rules=tail", "rules.tail.share=3")
    with pytest.raises(UserError, match=r"rules\.tail\.share=3 given, a number from 0 to 1 wanted"):
        refuse_wrong_values(cfg, "recommend")


def test_the_knobs_of_a_run_are_not_judged_again() -> None:
    cfg, choices = composed("evaluate", "run=DIR", "+lr=abc", "+trainer.accelerator=gpu")
    refuse_wrong_values(cfg, "evaluate", choices)


NEEDED = {
    "features": ["features=none"],
    "folder": ["features.encoder.model=X"],
    "precomputed": ["features.file.path=X", "features.file.ids=rows"],
    "run": ["features.run=X"],
    "base": ["features.encoder=X"],
    "separate": ["projector.widths.numbers=2"],
    "shop": ["rules.available.file=X"],
}
"""What has to be given with a word of a group."""


def words() -> Iterator[tuple[str, str, str]]:
    """(root, group, word) for every yaml, with the first root that composes its group."""
    seen: set[str] = set()
    for root in ("train", "finetune", "ensemble", "recommend"):
        text = (conf_dir() / f"{root}.yaml").read_text(encoding="utf-8")
        for group in (folder.name for folder in sorted(conf_dir().iterdir()) if folder.is_dir()):
            if f"  - {group}: " in text and group not in seen:
                seen.add(group)
                yield from ((root, group, word) for word in options(group) if "/" not in word or group == "experiment")


@pytest.mark.parametrize(("root", "group", "word"), list(words()))
def test_every_yaml_passes(root: str, group: str, word: str) -> None:
    needed = NEEDED.get(word, []) if group in ("features", "projector", "rules") and word != "features" else []
    cfg, _ = composed(root, f"{group}={word}", *needed)
    refuse_wrong_values(cfg, root)


@pytest.mark.parametrize("word", [word for word in options("experiment") if "/" not in word])
def test_the_words_of_an_experiment_go_together(word: str) -> None:
    cfg, choices = composed("train", f"experiment={word}", "trainer=cpu")
    refuse_wrong_values(cfg, "train", choices)


def test_every_leaf_of_our_yaml_has_an_annotation_that_can_be_read() -> None:
    """Else its check would be silently left out."""
    unread, read = set(), 0
    for file in conf_dir().rglob("*.yaml"):
        for _, part in nodes(OmegaConf.to_container(OmegaConf.load(file), resolve=False)):
            takes = of_target(part["_target_"]) if str(part.get("_target_")).startswith("ltgnn.") else None
            for name, value in part.items() if takes else ():
                if takes and not name.startswith("_") and value is not None and not isinstance(value, dict):
                    read += 1
                    if name in takes.known and takes.known[name].annotation is UNKNOWN:
                        unread.add(f"{part['_target_']}.{name}")
    assert unread == set()
    assert read > 300


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


def node(config: dict[str, Any]) -> list[str]:
    return [str(found) for found in findings({"loss": {"mine": config}})]


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


def test_a_part_is_not_held_against_the_protocol_that_it_fulfils() -> None:
    part = {"_target_": "ltgnn.losses.ranking.BPR"}
    weighted = {"_target_": "ltgnn.losses.weighting.Weighted", "_partial_": True, "term": part, "normalise": True}
    assert node(weighted) == []
    assert node(weighted | {"term": "bpr"}) == ["loss.mine.term=bpr given, a part with a _target_ wanted."]


def test_what_cannot_be_resolved_is_not_checked() -> None:
    cfg = OmegaConf.create({"dim": "${nowhere}", "loss": {"l2": {"_target_": "x", "weight": "${gone:1}"}}})
    assert set(resolved(cfg)) == {"dim", "loss"}
    refuse_wrong_values(cfg, "train", only=("dim",))


BOUNDS = st.tuples(st.integers(-50, 50), st.integers(1, 50), st.booleans(), st.booleans())


@given(BOUNDS, st.data())
def test_a_number_passes_exactly_inside_its_bounds(bounds: tuple[int, int, bool, bool], data: st.DataObject) -> None:
    low, width, low_in, high_in = bounds
    high = low + width
    metadata = (Ge(low) if low_in else Gt(low), Le(high) if high_in else Lt(high))
    value = data.draw(st.floats(low - 5, high + 5, allow_nan=False))
    inside = (value >= low if low_in else value > low) and (value <= high if high_in else value < high)
    parameter = Parameter("x", Annotated[float, *metadata], True)
    assert bool(list(refusals(parameter, "x", value))) is not inside


@given(st.integers(-100, 100), st.one_of(st.integers(-200, 200), st.floats(), st.text(max_size=3), st.booleans()))
def test_a_whole_number_is_no_other_kind(least: int, value: Any) -> None:
    found = list(refusals(Parameter("x", Annotated[int, Ge(least)], True), "x", value))
    fine = isinstance(value, int) and not isinstance(value, bool) and value >= least
    assert (found == []) is fine
    assert fine or isinstance(found[0], Finding)
