"""Templates: hand-made cases and laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltgnn.features.template import render
from ltgnn.types import UserError

FILM = "{title} ({year}). {genres}"


def one(template: str, **values: str) -> str:
    return render(template, {name: [value] for name, value in values.items()})[0]


@pytest.mark.parametrize(
    ("title", "year", "genres", "wanted"),
    [
        ("Toy Story", "1995", "Comedy", "Toy Story (1995). Comedy"),
        ("Toy Story", "", "Comedy", "Toy Story. Comedy"),
        ("Toy Story", "1995", "", "Toy Story (1995)"),
        ("", "1995", "Comedy", "(1995). Comedy"),
        ("Toy Story", "", "", "Toy Story"),
        ("", "", "Comedy", "Comedy"),
        ("", "1995", "", "(1995)"),
        ("", "", "", ""),
        ("  ", "\t", "\n", ""),
    ],
)
def test_missing_fields_leave_nothing_dangling(title: str, year: str, genres: str, wanted: str) -> None:
    assert one(FILM, title=title, year=year, genres=genres) == wanted


@pytest.mark.parametrize(
    ("brand", "size", "wanted"),
    [
        ("OPI", "15 ml", "Title: Lacquer; Brand: OPI [15 ml]."),
        ("", "15 ml", "Title: Lacquer [15 ml]."),
        ("OPI", "", "Title: Lacquer; Brand: OPI."),
        ("", "", "Title: Lacquer."),
    ],
)
def test_labels_go_with_their_value(brand: str, size: str, wanted: str) -> None:
    assert one("Title: {title}; Brand: {brand} [{size}].", title="Lacquer", brand=brand, size=size) == wanted


def test_quotes_go_with_their_value() -> None:
    assert one('"{title}" by {brand}', title="", brand="OPI") == "by OPI"
    assert one('"{title}" by {brand}', title="Red", brand="") == '"Red"'
    assert one('{brand} - "{title}"', title="Red", brand="") == '"Red"'


def test_values_are_cleaned_but_their_signs_stay() -> None:
    assert one("{title}", title=" Fish &amp; Chips&nbsp;&#39;n  more\n") == "Fish & Chips 'n more"
    assert one(FILM, title="(500) Days () of.", year="", genres="{x} - ") == "(500) Days () of.. {x} -"
    assert one("{title}", title="指甲油 💅 &lt;b&gt;") == "指甲油 💅 <b>"


def test_braces_and_format_specs() -> None:
    assert one("{{{title}}}", title="a") == "{a}"
    assert one("{title:.3}", title="abcdef") == "abc"
    assert one("{title}|{title}", title="a") == "a|a"


def test_one_text_per_item_in_order() -> None:
    assert render("{a}-{b}", {"a": ["1", "", "3"], "b": ["x", "y", ""], "c": []}) == ["1-x", "y", "3"]
    assert render("{a}", {"a": []}) == []


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_every_value_is_found_whole(title: str, year: str, genres: str) -> None:
    from ltgnn.features.template import clean

    text = one(FILM, title=title, year=year, genres=genres)
    assert all(clean(value) in text for value in (title, year, genres))
    assert text == " ".join(text.split())
    if not clean(year):  # nothing but the values and one separator
        assert len(text) <= len(clean(title)) + len(clean(genres)) + 2


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{titel}", ["'titel'", "title, year", "features.template"]),
        ("{title.upper}", ["title.upper", "features.template"]),
        ("{}", ["by name", "features.template"]),
        ("{title!r}", ["by name", "features.template"]),
        ("{title", ["cannot be read", "features.template"]),
        ("title", ["names no field", "features.template"]),
    ],
)
def test_a_wrong_template_is_a_mistake(template: str, words: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        render(template, {"title": ["a"], "year": ["b"]})
    assert all(word in str(caught.value) for word in words)


def test_fields_of_different_length_are_a_mistake() -> None:
    with pytest.raises(UserError, match="differ in length"):
        render("{a}{b}", {"a": ["x"], "b": []})


def test_no_item_text_at_all_is_a_mistake() -> None:
    with pytest.raises(UserError, match="no item text"):
        render("{title}", {})
