"""GroupLens' own files: MovieLens 100k (``u.data``), 1M and 10M (``::``), 20M, 25M and latest (CSV)."""

import pytest

from ltgnn.types import UserError
from tests.data.readers import reader, rows
from tests.data.sources_case import lines


def test_movielens_latest(tmp_path):
    (tmp_path / "ratings.csv").write_text(lines("userId,movieId,rating,timestamp", "1,31,2.5,1260759144"))
    (tmp_path / "movies.csv").write_text(
        lines(
            "movieId,title,genres",
            '31,"American President, The (1995)",Comedy|Drama',
            "32,Untitled,(no genres listed)",
            "33,Se7en (a.k.a. Seven) (1995-1997),Crime",
        )
    )
    raw = reader("movielens_latest")(tmp_path)
    assert raw.item_fields["title"].to_list() == ["American President, The", "Untitled", "Se7en (a.k.a. Seven)"]
    assert raw.item_fields["year"].to_list() == ["1995", "", "1995"]
    assert raw.item_fields["genres"].to_list() == ["Comedy Drama", "", "Crime"]


def test_movielens_1m(tmp_path):
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n2::1::3::978302109\n")
    (tmp_path / "movies.dat").write_bytes(
        "1::Misérables, Les (1995)::Drama|War\n1193::Cuckoo (1975)::Drama\n".encode("latin-1")
    )
    raw = reader("ml1m")(tmp_path)
    assert rows(raw) == [("1", "1193", "all"), ("2", "1", "all")]
    assert raw.item_fields["title"].to_list() == ["Misérables, Les", "Cuckoo"]
    assert raw.item_fields["genres"].to_list() == ["Drama War", "Drama"]
    (tmp_path / "ratings.dat").write_text("1::1193::5::978300760\n2::1::3::when\n")
    with pytest.raises(UserError, match=r"ratings\.dat, line 2, column 'timestamp': 'when' is not a number"):
        reader("ml1m")(tmp_path)


def test_movielens_100k(tmp_path):
    (tmp_path / "u.data").write_text("196\t242\t3\t881250949\n")
    flags = "|".join("1" if place in (5, 14) else "0" for place in range(19))
    (tmp_path / "u.item").write_bytes(f"242|Kolya é (1996)|24-Jan-1997||http://x|{flags}\n".encode("latin-1"))
    raw = reader("movielens_100k")(tmp_path)
    assert {name: column.to_list() for name, column in raw.item_fields.items()} == {
        "title": ["Kolya é"],
        "year": ["1996"],
        "genres": ["Comedy Romance"],
    }
