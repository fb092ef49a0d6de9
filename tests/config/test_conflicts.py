"""Incompatible options, found from their classes before anything is loaded."""

from __future__ import annotations

import pytest

from ltgnn.config.check import refuse_wrong_values
from ltgnn.config.search_path import option_names as options
from tests.config.check_case import composed, refused

pytestmark = pytest.mark.usefixtures("no_job", "hydra_tree")


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
        ["score=content_fit", "split=by_field", "split.val=0", "split.val_values=[web]", "data=amazon_book"],
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


@pytest.mark.parametrize("word", [word for word in options("experiment") if "/" not in word])
def test_the_words_of_an_experiment_go_together(word: str) -> None:
    cfg, choices = composed("train", f"experiment={word}", "trainer=cpu")
    refuse_wrong_values(cfg, "train", choices)
