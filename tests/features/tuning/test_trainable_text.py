"""The encoder inside the loop: gradients, the table, checkpoints, rates, and whole jobs on the toy shop."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from ltgnn.commands.evaluate import main as evaluate
from ltgnn.features.controls import Shuffled
from ltgnn.features.encoders import HuggingFace
from ltgnn.features.item_features import ItemText, NoFeatures
from ltgnn.features.store import FeatureStore
from ltgnn.features.transform import Keep
from ltgnn.features.tuning.trainable_text import EndToEnd
from ltgnn.module import Recommender
from ltgnn.types import Dataset, Features, UserError
from tests.conftest import run_folders
from tests.features.tuning.trainable_text_case import SMALL_LORA, MakeEncoder, attend, live, moved


def test_attends_to_some_items_of_the_batch(encoder: MakeEncoder) -> None:
    text = live(encoder(), rows=3)
    chosen = set()
    for seed in range(40):
        attend(text, [4, 4, 4, 7, 9, 1], seed)
        assert len(set(text.attended)) == 3
        chosen |= set(text.attended)
    assert chosen == {1, 4, 7, 9}
    attend(text, [5, 5])
    assert text.attended == [5]


def test_the_table_follows_what_was_read_and_is_renewed_for_evaluation(encoder: MakeEncoder) -> None:
    text = live(encoder()).train()
    before = text.table.clone()
    moved(text)
    attend(text, [2, 5])
    mixed = text()
    now = text.encoder.encode_all()
    others = [row for row in range(12) if row not in (2, 5)]
    torch.testing.assert_close(mixed[[2, 5]], now[[2, 5]], atol=1e-5, rtol=0)
    assert torch.equal(mixed[others], before[others])
    assert torch.equal(text.table, mixed.detach())
    torch.testing.assert_close(text.eval()(), now, atol=1e-5, rtol=0)
    assert text.steps_since_refresh == 0


def test_dropout_is_off(encoder: MakeEncoder) -> None:
    text = live(encoder()).train()
    attend(text, [1, 2, 3])
    assert torch.equal(text(), text())


def test_the_table_is_renewed_after_so_many_steps(encoder: MakeEncoder) -> None:
    text = live(encoder(), refresh=2).train()
    before = text.table.clone()
    moved(text)
    text.steps_since_refresh = 0
    for _ in range(2):
        attend(text, [2, 5])
        text()
        assert torch.equal(text.table[7], before[7])
    attend(text, [2, 5])
    torch.testing.assert_close(text.table, text.encoder.encode_all(), atol=1e-5, rtol=0)


def test_its_weights_bring_their_own_rate(encoder: MakeEncoder) -> None:
    module = Recommender.__new__(Recommender)
    torch.nn.Module.__init__(module)
    module.optimizer = partial(torch.optim.Adam, lr=0.1)
    module.table, module.text = torch.nn.Parameter(torch.zeros(2)), live(encoder(SMALL_LORA))
    own, ours = module.weights_optimizer().param_groups
    assert (own["lr"], own["params"]) == (0.1, [module.table])
    assert ours["lr"] == 0.01
    assert len(ours["params"]) == sum(weight.requires_grad for weight in module.text.parameters())


def test_making_it_moves_no_draw_of_the_rest(tiny: Callable[..., HuggingFace], tmp_path: Path) -> None:
    dataset = Dataset("shop", {}, [], ["a", "b"], {"title": ["soap", "comb"]})
    side = ItemText(tiny(), "{title}", FeatureStore(tmp_path), Keep(), Keep())
    features, state = side(dataset, torch.ones(2)), torch.get_rng_state()
    text = EndToEnd(SMALL_LORA, rows=1, refresh=0, lr=1e-4, checkpointing=False, chunk_tokens=64)(
        side, dataset, features
    )
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(text.encoder.eval()([0, 1]), text.table, atol=1e-5, rtol=0)


def test_what_cannot_be_trained(tiny: Callable[..., HuggingFace], tmp_path: Path) -> None:
    dataset = Dataset("shop", {}, [], ["a"], {"title": ["soap"]})
    features = Features(torch.zeros(1, 16), {})
    make = EndToEnd(SMALL_LORA, rows=1, refresh=0, lr=1e-4, checkpointing=False, chunk_tokens=64)
    with pytest.raises(UserError, match="features=minilm"):
        make(NoFeatures(), dataset, None)
    shuffled = ItemText(tiny(), "{title}", FeatureStore(tmp_path), Shuffled(0), Keep())
    with pytest.raises(UserError, match="features/control=none"):
        make(shuffled, dataset, features)


@pytest.mark.parametrize("adapt", ["lora", "full"])
def test_a_whole_job_trains_the_encoder(
    launch: Callable[..., int], tiny_bert: Path, tmp_path: Path, adapt: str
) -> None:
    folder = [
        f"features.encoder.model={tiny_bert}",
        "features.encoder.max_length=32",
        "features=folder",
        "loss=softmax",
    ]
    training = [f"live={adapt}", "live.rows=16", "live.refresh=3", "live.lr=3e-3"]
    assert launch("fusion=content", *folder, *training, "batch_size=100") == 0
    (run,) = run_folders(tmp_path)
    state = torch.load(run / "checkpoints/best.ckpt", weights_only=True)["state_dict"]
    names = [name for name in state if ".text." in name]
    assert names
    assert all(("lora_" in name) == (adapt == "lora") for name in names)
    weights = {name.split("encoder.model.")[-1]: state[name] for name in names}
    before = {name: weight for name, weight in load_file(tiny_bert / "model.safetensors").items() if name in weights}
    before |= {name: torch.zeros_like(weight) for name, weight in weights.items() if "lora_B" in name}
    changed = [name for name, weight in before.items() if not torch.equal(weight, weights[name])]
    assert len(changed) > 0.9 * len(before) > 0
    assert evaluate([f"run={run}"]) == 0  # from the checkpoint alone
    (judged,) = (path for path in run_folders(tmp_path) if path != run)
    assert read(judged)["test"] == pytest.approx(read(run)["test"], abs=1e-6)
    assert launch("fusion=content", *folder, "batch_size=100", "paths.log_dir=frozen") == 0
    (frozen,) = run_folders(tmp_path / "frozen")
    assert read(frozen)["val"]["ndcg@20"] != read(run)["val"]["ndcg@20"]


def test_a_rate_of_zero_is_the_frozen_encoder(launch: Callable[..., int], tiny_bert: Path, tmp_path: Path) -> None:
    words = [
        f"features.encoder.model={tiny_bert}",
        "features.encoder.max_length=32",
        "features=folder",
        "fusion=content",
        "epochs=2",
    ]
    assert launch(*words, "paths.log_dir=frozen") == 0
    assert launch(*words, "live=lora", "live.rows=16", "live.lr=0", "paths.log_dir=live") == 0
    frozen, live = (read(run_folders(tmp_path / name)[0])["val"] for name in ("frozen", "live"))
    assert live["ndcg@20"] == pytest.approx(frozen["ndcg@20"], abs=2e-3)


def read(folder: Path) -> dict[str, dict[str, float]]:
    return json.loads((folder / "metrics.json").read_text())
