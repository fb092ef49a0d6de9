"""Names of a new project."""

from __future__ import annotations

import pytest

from ltgnn.commands.init import camel_case, project_files, refuse_name
from ltgnn.types import UserError


@pytest.mark.parametrize("name", ["My", "1rec", "my-rec", "class", "torch", "tests"])
def test_what_cannot_be_a_package(name: str) -> None:
    with pytest.raises(UserError, match=rf"ltgnn init: '{name}'.* such as myrec"):
        refuse_name(name)


def test_the_name_stands_in_every_file_of_the_template() -> None:
    refuse_name("my_rec")
    assert camel_case("my_rec") == "MyRec"
    files = dict(project_files("my_rec"))
    assert any("my_rec" in place.parts for place in files)
    assert any("import my_rec" in text or "from my_rec" in text for text in files.values())
