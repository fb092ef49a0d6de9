"""The walk over the mappings of a config."""

from ltgnn.config.nodes import nodes
from ltgnn.config.parts import built
from ltgnn.config.trust import targets


def test_every_mapping_at_any_depth_with_its_key() -> None:
    inner = {"_target_": "torch.optim.Adam", "lr": 1}
    config = {"a": {"b": [{"c": 1}, [inner], 3], "_args_": [inner]}, "d": None}
    assert [key for key, _ in nodes(config)] == ["", "a", "a.b[0]", "a.b[1][0]", "a._args_[0]"]
    assert [key for key, _ in nodes([inner], "x")] == ["x[0]"]
    assert list(nodes(3, "x")) == []
    assert [key for key, _ in targets(config)] == ["a.b[1][0]._target_", "a._args_[0]._target_"]
    assert [(part.key, part.node) for part in built("a", config["a"])] == [("a.b[1][0]", inner), ("a._args_[0]", inner)]
