"""The composed config of a job against Hydra's own."""

from __future__ import annotations

import copy

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_automatic_config_search_path
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import ConfigCompositionException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from ltgnn.config import resolvers
from ltgnn.config.paths import conf_dir
from ltgnn.sweeps.composing import Composer


@pytest.fixture(scope="module")
def composer() -> Composer:
    resolvers.register()
    GlobalHydra.instance().clear()
    loader = ConfigLoaderImpl(create_automatic_config_search_path(None, None, str(conf_dir())))
    words = ["fusion=id,sum", "seed=1,2", "hydra/launcher=pool", "hydra.launcher.workers=3"]
    master: DictConfig = loader.load_configuration("train", words, run_mode=RunMode.MULTIRUN)
    return Composer(loader, master)


@pytest.mark.parametrize(
    "words",
    [
        ["fusion=id", "seed=1"],
        ["fusion=sum", "seed=2", "lr=0.1", "tags=[a,b]"],
        ["seed=2", "fusion=sum", "loss=softmax", "loss.ranking.temperature=0.3"],
        ["+trainer.limit_train_batches=2", "~callbacks.progress", "++new.key=1"],
        ["experiment=lightgcn_ml100k_split", "seed=5"],
        ["trainer={max_epochs:3}", "trainer=debug"],
        ["graph/normalisation=random_walk", "features=tfidf", "features/transform=l2"],
        ["optim={lr:0.5}", "optim.lr=0.25", "lr=1e-4", "lr=1e-2"],
    ],
)
def test_equal_to_hydra(composer: Composer, words: list[str]) -> None:
    for given in (words, [*words, "seed=7"]):  # the second is made from what the first has left
        wanted = composer.loader.load_sweep_config(composer.master, given)
        found = composer(given)
        assert OmegaConf.to_container(found) == OmegaConf.to_container(wanted)
        assert OmegaConf.is_struct(found)


def test_jobs_share_nothing_that_one_could_change(composer: Composer) -> None:
    first = composer(["fusion=id", "seed=1"])
    before = copy.deepcopy(OmegaConf.to_container(composer(["fusion=id", "seed=2"])))
    first.loss.ranking = "spoilt"
    first.hydra.job.override_dirname = "spoilt"
    assert OmegaConf.to_container(composer(["fusion=id", "seed=2"])) == before


def test_a_seed_reads_no_file_again(composer: Composer, monkeypatch: pytest.MonkeyPatch) -> None:
    composer(["fusion=id", "seed=1"])
    monkeypatch.setattr(composer.loader, "load_configuration", lambda *_, **__: pytest.fail("composed again"))
    assert composer(["fusion=id", "seed=3"]).seed == 3


def test_hydra_refuses_what_it_would_refuse(composer: Composer) -> None:
    for words in (["sead=1"], ["~nothing"], ["+seed=1"]):
        with pytest.raises(ConfigCompositionException) as found:
            composer(words)
        with pytest.raises(ConfigCompositionException) as wanted:
            composer.loader.load_sweep_config(composer.master, words)
        assert str(found.value) == str(wanted.value)
