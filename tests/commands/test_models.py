"""``ltgnn models`` lists every option of the yaml tree with its source."""

from __future__ import annotations

import inspect
import json
import re

import pytest

from ltgnn.cli import main as cli
from ltgnn.commands.models import config_groups, docstring, main, options, source
from ltgnn.config.paths import conf_dir

SOURCES = {
    "model lightgcn": r"SIGIR 2020.*arXiv:2002.02126",
    "model lightgcnpp": r"RecSys 2024",
    "model layergcn": r"ICDE 2023",
    "model freedom": r"MM 2023",
    "model alpharec": r"ICLR 2025",
    "model gru4rec": r"ICLR 2016",
    "model sasrec": r"ICDM 2018",
    "model ease": r"Steck, WWW 2019",
    "graph r_adjnorm": r"SIGIR 2022",
    "graph lightgcnpp": r"RecSys 2024",
    "views edge_drop": r"SIGIR 2021",
    "views node_drop": r"SIGIR 2021",
    "views random_walk": r"SIGIR 2021",
    "views simgcl": r"SIGIR 2022",
    "views xsimgcl": r"TKDE 2023",
    "loss bpr": r"UAI 2009",
    "fusion side": r"WWW 2024",
    "projector moe": r"KDD 2022",
}


def test_every_yaml_file_of_a_group_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["models"]) == 0
    printed = capsys.readouterr().out
    group, seen = "", set()
    for line in printed.splitlines():
        if heading := re.fullmatch(r"(\S+)=", line):
            group = heading.group(1)
        elif line:
            word, about = line.split(maxsplit=1)
            assert len(about) > 3, line
            seen.add((group, word))
    files = {
        (file.parent.relative_to(conf_dir()).as_posix(), file.stem)
        for group in config_groups()
        for file in (conf_dir() / group.split("/")[0]).rglob("*.yaml")
    }
    assert seen == files
    assert {"model", "graph", "graph/normalisation", "fusion", "views", "loss", "sampler"} <= set(config_groups())
    assert "trainer" not in config_groups()


@pytest.mark.parametrize("name", SOURCES)
def test_sources(name: str) -> None:
    group, word = name.split()
    found = {entry.option: entry for entry in options(group)}
    assert re.search(SOURCES[name], found[word].source), found[word]
    assert not re.search(r"\(.*\d{4}\)", found[word].about)  # stated once


def test_docstrings_are_read_without_import() -> None:
    from ltgnn.models.layergcn import LayerGCN

    assert docstring("ltgnn.models.layergcn.LayerGCN") == inspect.getdoc(LayerGCN)
    assert docstring("torch.nn.GRU") == ""
    assert source("a word (Somebody, 1999), more", []) == "Somebody, 1999"
    assert source("nothing dated (here)", []) == ""


def test_one_group_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fusion", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {entry["group"] for entry in listed} == {"fusion"}
    assert [e["classes"] for e in listed if e["option"] == "concat"] == [["ltgnn.models.fusion_concat.Concat"]]
    assert main(["graph"]) == 0
    assert "graph/strength=" in capsys.readouterr().out


def test_unknown_group(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(["models", "fuison"]) == 1
    assert "Did you mean 'fusion'?" in capsys.readouterr().err
