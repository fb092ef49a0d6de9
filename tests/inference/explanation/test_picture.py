"""The picture of an explanation: text as text, one box a summand."""

from __future__ import annotations

from xml.etree import ElementTree

from ltgnn.inference.explanation.explainer import Explanation, Line
from ltgnn.inference.explanation.picture import picture, shorten


def test_it_is_xml_with_a_box_for_each_summand() -> None:
    lines = [Line("i1", "<b>River</b>", "head", 0.5, {"ids": 0.5}), Line("", "popularity", "", -0.2, {"bias": -0.2})]
    lines.append(Line("i2", "nothing", "tail", 0.0, {"ids": 0.0}))
    found = Explanation("u&1", "i9", "Castle", "tail", 0.3, 0.3, 2, lines, {"ids": 0.5, "bias": -0.2}, [], "")
    drawn = ElementTree.fromstring(picture(found))
    boxes = [one for one in drawn.iter() if one.tag.endswith("rect") and one.get("x") == "270"]
    assert len(boxes) == 2
    texts = [one.text or "" for one in drawn.iter() if one.tag.endswith("text")]
    assert "<b>River</b>" in texts
    assert any("score 0.3000, place 2" in text for text in texts)


def test_long_titles_are_shortened() -> None:
    assert shorten("a  b\nc") == "a b c"
    assert shorten("word " * 20, 10) == "word word…"
