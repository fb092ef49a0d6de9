"""Runs as objects: what they hold is what is in the folder and what the commands print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import ltgnn
from ltgnn.analysis.comparison import read_finished
from ltgnn.commands.claim import main as claim_command
from ltgnn.commands.compare import main as compare_command
from ltgnn.commands.export import main as export_command
from ltgnn.testing import toy
from tests.experiment.conftest import SMALL


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LTGNN_DATA", str(folder / "data"))
        patch.setenv("LTGNN_CACHE", str(folder / "cache"))
        yield folder


@pytest.fixture(scope="module")
def shop(home: Path) -> ltgnn.Dataset:
    return ltgnn.Dataset.from_frames(*toy.frames(), name="<b>toy</b>")


@pytest.fixture(scope="module")
def runs(shop: ltgnn.Dataset) -> ltgnn.Runs:
    """Two fusions, two seeds."""
    return ltgnn.sweep(
        shop, fusion=["id", "sum"], seed=[1, 2], features="tfidf", folder="sweep", progress=False, **SMALL
    )


@pytest.fixture(scope="module")
def run(runs: ltgnn.Runs) -> ltgnn.Run:
    """With text, seed 1."""
    return runs[2]


def test_tables_have_ids(run: ltgnn.Run, shop: ltgnn.Dataset) -> None:
    assert run.metrics == json.loads((run.folder / "metrics.json").read_text())
    assert run.test == run.metrics["test"]
    assert run.val == run.metrics["val"]
    assert run.history["epoch"].to_list() == [1, 2]
    best = run.history.filter(pl.col("epoch") == run.metrics["selection"]["epoch"])
    assert best["val/ndcg@20"].item() == pytest.approx(run.val["ndcg@20"], abs=1e-6)
    assert set(run.per_user["user"]) <= set(shop.user_ids)
    assert run.per_user["ndcg@20"].mean() == pytest.approx(run.test["ndcg@20"])
    raw = pl.read_parquet(run.folder / "topk.parquet")
    first = run.topk.filter(pl.col("user") == shop.user_ids[raw["user"][3]])
    items = [shop.item_ids[item] for item in raw["items"][3] if item >= 0]
    assert first["item"].to_list() == items
    assert first["rank"].to_list() == list(range(1, len(items) + 1))


def test_lists_are_those_that_were_evaluated(run: ltgnn.Run) -> None:
    users = run.topk["user"].unique(maintain_order=True).to_list()
    lists = run.recommend(users, k=10, reasons=False)
    evaluated = run.topk.filter(pl.col("rank") <= 10)
    assert lists["item"].to_list() == evaluated["item"].to_list()
    assert lists["score"].to_list() == pytest.approx(evaluated["score"].to_list(), rel=1e-5)
    assert "reason" in run.recommend(users[:1]).columns
    tail = run.recommend(users[:1], k=5, rules=["rules=tail", "rules.tail.share=1.0"])
    assert set(tail["group"]) == {"tail"}
    assert run.recommend(users[:1], k=5, rules="tail").height == 5


def test_embeddings_give_the_scores(run: ltgnn.Run) -> None:
    found = run.embeddings
    user = found.user_ids.index("u7")
    lists = run.recommend(["u7"], k=3)
    items = [list(found.item_ids).index(item) for item in lists["item"]]
    assert np.allclose(found.users[user] @ found.items[items].T, lists["score"].to_numpy(), rtol=1e-5)
    assert repr(found) == "Embeddings(40 users, 30 items, 8 dimensions)"


def test_answers(run: ltgnn.Run) -> None:
    explained = run.explain("u1", "i3", k=3)
    assert explained.total == pytest.approx(explained.score, abs=1e-5)
    assert repr(explained).startswith("Explanation: item i3 the river number 3 for user u1: score")
    assert run.similar("i3", 4).height == 4
    found = run.search("castle", k=3)
    assert found.columns == ["rank", "item", "score", "title", "group", "words", "text"]
    assert all("castle" in title for title in found["title"])


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda run: run.recommend("u1"), r"users='u1' given, a list of ids wanted: \['u1'\]"),
        (lambda run: next(run.served.blocks("u1")), r"users='u1' given, a list of ids wanted"),
        (lambda run: run.served.catalogue.users("u1"), r"users='u1' given, a list of ids wanted"),
        (lambda run: run.recommend([7]), "ids as text wanted"),
        (lambda run: run.recommend(7), r"users=7 given, a list of ids wanted"),
        (lambda run: run.served.catalogue.users(7), r"users=7 given, a list of ids wanted"),
        (lambda run: run.search(["castle"]), r"query=\['castle'\] given, a text wanted"),
        (lambda run: run.search("castle", user=["u1"]), r"user=\['u1'\] given, an id as text wanted"),
        (lambda run: run.similar(["i1"]), r"item=\['i1'\] given, an id as text wanted"),
        (lambda run: run.explain("u1", 3), "item=3 given, an id as text wanted"),
        (lambda run: run.recommend(["u1"], rules={"tail": 1}), "rules"),
        (lambda run: run.recommend(["u1"], rules="tale"), "Did you mean 'rules=tail'"),
        (lambda run: run.similar("i1", by="texts"), "by=texts given; model, features or users wanted"),
    ],
)
def test_wrong_arguments(run: ltgnn.Run, call: Any, said: str) -> None:
    with pytest.raises(ltgnn.UserError, match=said):
        call(run)


def test_a_closed_form_has_no_history_and_no_embeddings(shop: ltgnn.Dataset) -> None:
    ease = ltgnn.train(shop, model="ease", features="none", progress=False)
    assert ease.history.is_empty()
    with pytest.raises(ltgnn.UserError, match="not one inner product"):
        _ = ease.embeddings


def test_one_run_is_a_comparison_of_one_row(runs: ltgnn.Runs, shop: ltgnn.Dataset) -> None:
    """Of a closed form too, which has neither fusion nor loss."""
    ltgnn.train(shop, model="ease", features="none", folder="alone/ease", progress=False)
    alone = ltgnn.open("alone")
    assert isinstance(alone, ltgnn.Runs)
    assert alone.compare().frame()["model"].to_list() == ["ease"]
    assert runs[:1].compare().frame().height == 1


def test_what_is_no_run_is_named(run: ltgnn.Run, runs: ltgnn.Runs) -> None:
    assert export_command([f"run={run.folder}", "out=exported"]) == 0
    with pytest.raises(ltgnn.UserError, match=r"exported is an exported model, not a run: ltgnn\.load\('exported'\)"):
        ltgnn.open("exported")
    with pytest.raises(
        ltgnn.UserError, match=r"sweep holds 4 runs, one wanted, such as sweep/000.*ltgnn\.open\('sweep'\)"
    ):
        ltgnn.load("sweep")
    with pytest.raises(ltgnn.UserError, match=r"nowhere is neither a run .* nor an exported model"):
        ltgnn.load("nowhere")


def test_open(run: ltgnn.Run, runs: ltgnn.Runs, home: Path) -> None:
    one, several = ltgnn.open(run.folder), ltgnn.open("sweep")
    assert isinstance(one, ltgnn.Run)
    assert isinstance(several, ltgnn.Runs)
    assert one.metrics == run.metrics
    assert [r.folder.name for r in several] == [r.folder.name for r in runs]
    assert ltgnn.load(run.folder).recommend(["u1"], 3)["item"].to_list() == run.recommend(["u1"], 3)["item"].to_list()
    for wrong in (home / "nowhere", home / "data"):
        with pytest.raises(ltgnn.UserError, match="no run folder"):
            ltgnn.open(wrong)
    with pytest.raises(ltgnn.UserError, match="no folder given"):
        ltgnn.open()


def test_runs_are_a_sequence_and_a_frame(runs: ltgnn.Runs) -> None:
    assert len(runs) == 4
    assert [r.seed for r in runs[1:3]] == ["2", "1"]
    frame = runs.frame(["ndcg@20", "val/ndcg@20"])
    assert frame.columns == ["run", "state", "fusion", "seed", "ndcg@20", "val/ndcg@20"]
    assert frame["ndcg@20"].to_list() == [r.test["ndcg@20"] for r in runs]
    assert runs.frame().columns[4:] == ["ndcg@20", "items20/head/ndcg@20", "items20/tail/ndcg@20", "coverage@20"]
    best = runs.best("val/ndcg@20")
    assert best.val["ndcg@20"] == max(frame["val/ndcg@20"])
    assert runs.best("test/arp@20").test["arp@20"] == min(r.test["arp@20"] for r in runs)
    for call, said in (
        (lambda: runs.frame("ndcg@20"), r"a list wanted: \['ndcg@20'\]"),
        (lambda: runs.frame(["ndgc"]), "no run has the value 'ndgc'"),
        (lambda: runs.best("ndcg@20"), "val/NAME or test/NAME wanted"),
        (lambda: runs.best("val/nothing"), "no run has that value"),
        (lambda: runs.compare("nothing"), "no run has that"),
        (lambda: runs.claim("fusion=id", "fusion=id"), "is on both sides"),
        (lambda: runs.claim("fusion=id", "seed=1"), "differ in more than the seed"),
        (lambda: runs.claim("id", "sum"), "'id' is not GROUP=OPTION"),
    ):
        with pytest.raises(ltgnn.UserError, match=said):
            call()


def test_compare_is_the_command(runs: ltgnn.Runs, home: Path) -> None:
    words = "sweep --by fusion --baseline fusion=id --format csv --out c.csv"
    assert compare_command(words.split()) == 0
    theirs = pl.read_csv("c.csv")
    found = runs.compare("fusion", baseline={"fusion": "id"})
    ours = found.frame()
    for row in theirs.iter_rows(named=True):
        mine = ours.filter(pl.col("fusion") == row["fusion"])
        assert mine[row["value"]].item() == pytest.approx(row["mean"], abs=1e-12)
        assert mine[f"{row['value']} sd"].item() == pytest.approx(row["sd"], abs=1e-12)
        for ours_, theirs_ in (("delta", "delta"), ("p", "p_adjusted")):
            value = mine[f"{row['value']} {ours_}"].item()
            assert (value is None) == (row[theirs_] is None)
            assert value is None or value == pytest.approx(row[theirs_], abs=1e-12)
    assert "fusion" in repr(found)
    assert found.markdown().startswith("| fusion |")
    assert r"\toprule" in found.latex()
    assert set(found.variance()) == set(found.comparison.names)
    assert len(read_finished([Path("sweep")])[0]) == len(found.runs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metrics": "ndcg@20"}, "metrics='ndcg@20' given, a list wanted: ['ndcg@20']."),
        ({"correction": "bonferroni"}, "correction=bonferroni given, one of holm, bh, 'none' wanted."),
        ({"by": "fusoin"}, "no run has that. Did you mean 'fusion'?"),
    ],
)
def test_a_comparison_by_wrong_words_is_refused(runs: ltgnn.Runs, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ltgnn.UserError, match=re.escape(message)):
        runs.compare(**options)


def test_claim_is_the_command(runs: ltgnn.Runs, home: Path) -> None:
    code = claim_command(["sweep:fusion=id", "sweep:fusion=sum", "--draws", "200", "--json", "claim.json"])
    theirs = json.loads(Path("claim.json").read_text())
    ours = runs.claim("fusion=id", {"fusion": "sum"}, draws=200)
    assert code == {"yes": 0, "no": 2, "undecided": 3}[ours.verdict]
    assert [d.interval.lower for d in ours.differences] == [d["interval"]["lower"] for d in theirs["differences"]]
    assert repr(ours).splitlines()[0].endswith(f"ndcg@20: {ours.verdict}")


def test_lists_of_others_are_evaluated_as_our_own(run: ltgnn.Run, shop: ltgnn.Dataset, home: Path) -> None:
    """Oracle: the lists of a run, given as those of another library, have its numbers."""
    lists = run.topk.rename({"user": "user_id", "item": "item_id"}).drop("rank")
    ours = ltgnn.evaluate(lists, shop, name="again", progress=False)
    assert ours.test["ndcg@20"] == pytest.approx(run.test["ndcg@20"])
    assert ours.test["items20/tail/ndcg@20"] == pytest.approx(run.test["items20/tail/ndcg@20"])
    assert ours.option("model") == "again"
    assert "evaluate" in ours.command.split()
    lists.write_csv("lists.csv")
    assert ltgnn.evaluate("lists.csv", shop, progress=False).test == ours.test
    with pytest.raises(ltgnn.UserError, match="user 'nobody' is not in the data set"):
        ltgnn.evaluate({"user_id": ["nobody"], "item_id": ["i1"]}, shop, progress=False)
    with pytest.raises(ltgnn.UserError, match="ids of the users"):
        ltgnn.evaluate({"who": ["u1"], "what": ["i1"]}, shop, progress=False)


class Tags(HTMLParser):
    """Elements and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_public_object_fits_a_screen(run: ltgnn.Run, runs: ltgnn.Runs, shop: ltgnn.Dataset) -> None:
    problem = run._opened.problem
    values = [
        run, runs, runs.compare(), runs.claim("fusion=id", "fusion=sum", draws=50), shop, run.served, run.embeddings,
        run.served.catalogue, run.explain("u1", "i3"), problem, problem.split, problem.split.train, problem.features,
        *problem.groups.values(), runs.finished[0], toy.batch(), toy.encoded(), next(run.served.blocks(["u1"])),
    ]  # fmt: skip
    for value in values:
        text = repr(value)
        assert 0 < len(text) < 2500, f"{type(value).__name__}: {len(text)}"
        assert text.count("\n") < 24
        assert " object at 0x" not in text
        assert "tensor(" not in text
    for value in values[: values.index(problem)]:  # what a call of the public API returns
        assert max(map(len, repr(value).replace(str(run.folder.parent), "").splitlines())) < 120


def test_notebooks_get_html_with_all_text_escaped(run: ltgnn.Run, runs: ltgnn.Runs, shop: ltgnn.Dataset) -> None:
    for value in (run, runs, shop, run.served, runs.compare("fusion"), run.explain("u1", "i3")):
        page = Tags()
        page.feed(value._repr_html_())
        assert page.tags <= {"table", "caption", "tr", "th", "td", "p"}, type(value).__name__
    assert "<b>toy</b>" in text_of(shop._repr_html_())


def text_of(html: str) -> str:
    page = Tags()
    page.feed(html)
    return page.text
