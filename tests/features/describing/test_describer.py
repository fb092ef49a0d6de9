"""Each text is asked about once, again where a part is missing, and never after it is kept; also after kill -9."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ltgnn.features.describing.describer import Describer
from ltgnn.features.describing.description import NOTHING
from ltgnn.types import UserError
from tests.features.describing.writers import StubWriter, echo, make_describer

TEXTS = ["red hose", "", "comb", "red hose", "blue soap"]


def test_each_text_is_asked_about_once(tmp_path: Path) -> None:
    writer = StubWriter(echo)
    found = make_describer(writer, tmp_path)(TEXTS)
    assert writer.asked == [
        ["Describe.\nItem: blue soap\n", "Describe.\nItem: red hose\n"],
        ["Describe.\nItem: comb\n"],
    ]
    assert [one.parts.get("uses") for one in found] == [
        "using red hose", None, "using comb", "using red hose", "using blue soap",
    ]  # fmt: skip
    assert found[1] is NOTHING
    assert all(one.complete and one.tries == 1 for one in (found[0], found[2], found[4]))


def test_what_is_kept_is_not_asked_again(tmp_path: Path) -> None:
    first = make_describer(StubWriter(echo), tmp_path)(TEXTS)
    writer = StubWriter(echo)
    assert make_describer(writer, tmp_path)(TEXTS) == first
    assert make_describer(writer, tmp_path)([*TEXTS, "new"])[:5] == first
    assert writer.asked == [["Describe.\nItem: new\n"]]


@pytest.mark.parametrize(
    "change", [{"prompt": "Other {item}. Item: {item}\n"}, {"again": None}, {"parts": ["uses"]}, {"longest": 3}]
)
def test_another_question_is_asked(tmp_path: Path, change: dict[str, object]) -> None:
    make_describer(StubWriter(echo), tmp_path)(TEXTS)
    writer = StubWriter(echo)
    make_describer(writer, tmp_path, **change)(TEXTS)
    assert writer.asked


def test_another_model_is_asked(tmp_path: Path) -> None:
    make_describer(StubWriter(echo), tmp_path)(TEXTS)
    writer = StubWriter(echo, name="other weights")
    make_describer(writer, tmp_path)(TEXTS)
    assert writer.asked


def test_an_answer_that_lacks_a_part_is_asked_for_once_more(tmp_path: Path) -> None:
    answers = {
        "a": ("Uses: first", "Description: second\nUses: second"),  # the second has all
        "b": ("Description: first", "Uses: second"),  # as much as the first, which fills it up
        "c": ("Uses: first", "nothing"),  # what was readable stays
        "d": ("nothing", "nothing"),
    }
    writer = StubWriter(lambda prompt: answers[prompt.split("Item: ")[1][0]]["Again." in prompt], batch_size=4)
    describer = make_describer(writer, tmp_path)
    a, b, c, d = describer(list("abcd"))
    assert a.parts == {"description": "second", "uses": "second"}
    assert b.parts == {"description": "first", "uses": "second"}
    assert c.parts == {"uses": "first"}
    assert d.parts == {}
    assert [one.complete for one in (a, b, c, d)] == [True, True, False, False]
    assert len(writer.asked) == 2
    cost = describer.cost(list("abcd"))
    assert (cost.texts, cost.asked_again, cost.incomplete, cost.unreadable) == (4, 4, 2, 1)
    assert (cost.tokens_in, cost.tokens_out) == (sum(len(p) for batch in writer.asked for p in batch), 80)


def test_without_a_second_question_it_is_asked_once(tmp_path: Path) -> None:
    writer = StubWriter(lambda prompt: "Uses: a")
    (one,) = make_describer(writer, tmp_path, again=None)(["x"])
    assert (one.parts, one.complete, one.tries, len(writer.asked)) == ({"uses": "a"}, False, 1, 1)


def test_a_limit_and_then_the_rest(tmp_path: Path) -> None:
    writer = StubWriter(echo)
    describer = make_describer(writer, tmp_path)
    assert sum(one.tries for one in describer(TEXTS, most=0)) == 0
    assert not writer.asked
    assert [one.tries for one in describer(TEXTS, most=2)] == [1, 0, 1, 1, 0]  # two different texts
    assert len(writer.asked[0]) == 2
    assert all(one.tries for text, one in zip(TEXTS, describer(TEXTS), strict=True) if text)
    assert sum(map(len, writer.asked)) == 3


def test_a_long_text_is_cut_and_braces_are_no_fields(tmp_path: Path) -> None:
    writer = StubWriter(echo)
    make_describer(writer, tmp_path, longest=8, prompt="{json} Item: {item}\n")(["{item} is long"])
    assert writer.asked == [["{json} Item: {item} i\n"]]


@pytest.mark.parametrize(
    ("change", "words"), [({"prompt": "no item"}, "has no {item}"), ({"parts": []}, "parts is empty")]
)
def test_a_question_without_an_item_or_parts(tmp_path: Path, change: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        make_describer(StubWriter(echo), tmp_path, **change)


def test_a_writer_of_another_kind(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"features\.writer"):
        make_describer("writer", tmp_path)  # type: ignore[arg-type]


SLOW = """
import sys, time
from pathlib import Path
from tests.features.describing.writers import StubWriter, echo, make_describer

def slow(prompt):
    time.sleep(float(sys.argv[2]))
    with open(sys.argv[1] + "/asked", "a") as asked:
        asked.write(prompt.split("Item: ")[1])
    return echo(prompt)

texts = [f"item {n:03}" for n in range(20)]
found = make_describer(StubWriter(slow), Path(sys.argv[1]) / "store")(texts)
print(all(one.complete for one in found))
"""


def test_a_killed_process_loses_one_batch(tmp_path: Path) -> None:
    def start(seconds: float) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SLOW, str(tmp_path), str(seconds)]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
        )

    process = start(0.2)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        lines = [line for file in (tmp_path / "store").glob("*.jsonl") for line in file.read_bytes().splitlines()]
        if len(lines) > 5:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = [json.loads(line.split(b" ", 1)[1]) for line in lines[1:]]
    assert 5 <= len(kept) < 20
    before = len((tmp_path / "asked").read_text().splitlines())
    out, err = start(0.0).communicate()
    assert out.strip() == "True", err
    asked = (tmp_path / "asked").read_text().splitlines()
    assert len(asked) - before <= 20 - len(kept)
    assert len(asked) <= 20 + 2  # the batch that was lost


def test_the_describer_is_given_no_interactions() -> None:
    assert list(Describer.__call__.__annotations__) == ["texts", "most", "return"]
