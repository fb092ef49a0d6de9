"""The catalogue: every yaml composes; the real sets load with exactly the published counts."""

import os
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from ltgnn.data.card import table
from ltgnn.data.catalog import load
from tests.data.readers import CONF

MIRROR = Path(os.environ.get("LTGNN_MIRROR", "/nowhere"))


def real(test):
    """Marks a test of the real files: LTGNN_MIRROR names the folder that has them."""
    return pytest.mark.skipif(not MIRROR.is_dir(), reason="needs LTGNN_MIRROR")(test)


# users, items, parts; share of the top 20 % items and of items below 10 interactions, as counted independently
COUNTS = {
    "amazon_beauty": (22363, 12101, {"all": 198502}, 0.581, 0.545),
    "amazon_games": (50546, 16859, {"all": 452989}, 0.638, 0.394),
    "gowalla": (29858, 40981, {"train": 719081, "val": 91047, "test": 217242}, 0.530, 0.0),
    "yelp2018": (31668, 38048, {"train": 1093508, "val": 143751, "test": 324147}, 0.582, 0.0),
    "lastfm_lightgcn": (1892, 4489, {"train": 42135, "test": 10533}, 0.610, 0.687),
    "lastfm_lightgcnpp": (1885, 17388, {"train": 64315, "val": 9143, "test": 18321}, 0.800, 0.913),
    "ml1m_ultragcn": (6022, 3043, {"train": 796244, "test": 99455}, 0.592, 0.0),
    "ml100k": (943, 1682, {"all": 100000}, 0.646, 0.315),
    "ml100k_split": (943, 1682, {"train": 80000, "test": 20000}, 0.646, 0.315),
    "ml_latest_small": (671, 9066, {"all": 100004}, 0.771, 0.752),
}


def dataset(name, folder, *overrides):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+data={name}", f"+paths.data_dir={folder}", *overrides])
        return load(**instantiate(cfg.data, _convert_="all"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.mark.parametrize("path", sorted((CONF / "data").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_has_what_load_takes(path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        data = compose(overrides=[f"+data={path.stem}", "+paths.data_dir=/nowhere"]).data
    made = instantiate(data, _convert_="all")
    assert set(made) <= {"files", "reader", "cleaning", "name", "expected", "licence", "template", "variables"}
    assert all(callable(made[part]) for part in ("files", "reader", "cleaning"))
    used = set(made["template"].replace("}", "{").split("{")[1::2]) if made["template"] else set()
    fields = (
        {"title", "year", "genres"} if "MovieLens" in data.reader._target_ else set(data.reader.get("item_fields", {}))
    )
    assert used <= fields


@real
@pytest.mark.parametrize("name", COUNTS)
def test_published_counts(name, folder):
    data = dataset(name, folder)
    users, items, parts, top, below10 = COUNTS[name]
    assert (data.num_users, data.num_items) == (users, items)
    assert {part: len(pairs) for part, pairs in data.parts.items()} == parts
    assert data.card["share of the top 20 % items"] == pytest.approx(top, abs=0.0005)
    assert data.card["share of items below 10"] == pytest.approx(below10, abs=0.0005)
    assert all(len(texts) == items for texts in data.item_fields.values())
    assert data.name in table(data.card)


@real
def test_amazon_beauty_is_its_own_5_core(folder):
    data = dataset("amazon_beauty", folder)
    core = dataset("amazon_beauty", folder, "data/cleaning=core5")
    assert (core.num_users, core.num_items, len(core.parts["all"])) == (22363, 12101, 198502)
    assert core.card["sha256"] == data.card["sha256"]


@real
@pytest.mark.parametrize(("name", "pairs", "cold"), [("amazon_beauty", 153776, 33), ("amazon_games", 351897, 19)])
def test_usual_cut_of_the_amazon_sets(name, pairs, cold, folder):
    data = dataset(name, folder)
    with initialize_config_dir(str(CONF), version_base="1.3"):
        split = instantiate(compose(overrides=["+split=leave_one_out"]).split)(data)
    assert (len(split.train), len(split.val), len(split.test)) == (pairs, data.num_users, data.num_users)
    assert int((split.train.item_counts == 0).sum()) == cold


@real
def test_official_parts_hold_what_the_files_hold(folder):
    """Against a plain loop over the lines: fit part = train - valid."""
    data = dataset("gowalla", folder)

    def pairs(file):
        for line in (MIRROR / "gowalla" / file).read_text().splitlines():
            user, *items = map(int, line.split())
            yield from (user * 40981 + item for item in items)

    valid = set(pairs("valid.txt"))
    assert set(data.parts["val"].keys.tolist()) == valid
    assert set(data.parts["train"].keys.tolist()) == set(pairs("train.txt")) - valid
    assert set(data.parts["test"].keys.tolist()) == set(pairs("test.txt"))


@real
def test_texts_sit_on_their_items(folder):
    data = dataset("ml_latest_small", folder)
    place = data.item_ids.index("31")
    assert data.item_fields["title"][place] == "Dangerous Minds"
    assert data.item_fields["year"][place] == "1995"
    ratings = (MIRROR / "ml-latest-small/ratings.csv").read_text().splitlines()[1:]
    assert int(torch.cat([part.items for part in data.parts.values()]).eq(place).sum()) == sum(
        line.split(",")[1] == "31" for line in ratings
    )


def test_card(tmp_path):
    (tmp_path / "interactions.csv").write_text("user_id,item_id,t,r\na,1,0,5\na,2,86400,3\nb,1,172800,4\nb,1,1,4\n")
    data = dataset("table", tmp_path, f"data.files.path={tmp_path}", "data.reader.time=t", "data.reader.rating=r")
    card = data.card
    assert [step["interactions"] for step in card["cleaning"]] == [4, 3]
    assert (card["users"], card["items"], card["interactions"]) == (2, 2, 3)
    assert card["sparsity"] == pytest.approx(0.25)
    assert card["source"]["interactions"][0]["separator"] == "',' (found in the first line)"
    text = table(card)
    for part in ("repeated pairs: first kept", "sparsity", "0.2500", card["sha256"]):
        assert part in text
    again = dataset("table", tmp_path, f"data.files.path={tmp_path}", "data.reader.time=t", "data.cleaning.user_core=2")
    assert again.card["sha256"] != card["sha256"]
