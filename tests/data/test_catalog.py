"""The catalogue: every yaml composes; the real sets load with exactly the published counts."""

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from tests.data.catalog_case import MIRROR, dataset, real
from tests.data.readers import CONF


@pytest.mark.parametrize("path", sorted((CONF / "data").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_yaml_has_what_load_takes(path):
    with initialize_config_dir(str(CONF), version_base="1.3"):
        data = compose(overrides=[f"+data={path.stem}", "+paths.data_dir=/nowhere"]).data
    made = instantiate(data, _convert_="all")
    assert set(made) <= {
        "files",
        "reader",
        "cleaning",
        "name",
        "expected",
        "licence",
        "template",
        "variables",
        "relations",
    }
    assert all(callable(made[part]) for part in ("files", "reader", "cleaning"))
    assert all(callable(one) for one in made.get("relations", {}).values())
    used = set(made["template"].replace("}", "{").split("{")[1::2]) if made["template"] else set()
    fields = (
        {"title", "year", "genres"} if "MovieLens" in data.reader._target_ else set(data.reader.get("item_fields", {}))
    )
    assert used <= fields


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
