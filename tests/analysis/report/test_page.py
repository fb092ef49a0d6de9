"""Runs to one self-contained HTML page. All text is escaped by the template engine; no address is ever asked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.analysis.report.browser import HERE, opened
from tests.analysis.report.report_case import BAD


def test_text_is_escaped_and_nothing_is_asked_of_the_network(page: Path) -> None:
    text = page.read_text()
    assert BAD not in text
    assert "&lt;img src=x onerror=alert(1)&gt; &amp;" in text
    assert not re.search(r'(src|href)="(?!#)', text)
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.skipif(not HERE, reason="no chromium with chromedriver is installed")
def test_in_a_browser_it_sorts_filters_tells_and_does_not_complain(page: Path, tmp_path: Path) -> None:
    with opened(page, tmp_path / "profile") as seen:
        values = "return [...document.querySelectorAll('#board tbody tr')].map(r => +r.cells[2].dataset.value)"
        head = "document.querySelectorAll('#board thead th')[2]"
        seen.run(f"{head}.querySelector('button').click()")
        assert seen.run(f"return {head}.getAttribute('aria-sort')") == "descending"
        down = seen.run(values)
        assert down == sorted(down, reverse=True)
        seen.run(f"{head}.querySelector('button').click()")
        assert seen.run(values) == down[::-1]

        shown = "return [...document.querySelectorAll('#board tbody tr')].filter(r => r.getClientRects().length).length"
        points = "return [...document.querySelectorAll('.point')].filter(r => r.getClientRects().length).length"
        everything = seen.run(points)
        assert seen.run(shown) == 4
        seen.run(
            "const s = document.querySelector('select[data-axis=model]'); s.value = 'ease';"
            "s.dispatchEvent(new Event('change'))"
        )
        assert (seen.run(shown), seen.run(points)) == (1, everything // 4)
        assert seen.run("return document.getElementById('count').textContent") == "1 of 4 configurations"
        seen.run("document.querySelector('#leaderboard button[type=reset]').click()")
        seen.run("return new Promise(done => setTimeout(done, 50))")
        assert seen.run(shown) == 4

        seen.press("\ue008")  # Shift: a window that nobody touched has no focus, and its elements hear of none
        seen.run("document.querySelector('.point').focus()")
        assert "NDCG@20" in seen.run("return document.getElementById('tip').textContent")
        assert not seen.run("return document.getElementById('tip').hidden")
        seen.press("\ue00c")  # Escape
        assert seen.run("return document.getElementById('tip').hidden")

        visible = "return [...document.querySelectorAll('.user:not([hidden]) [data-list]:not([hidden])')].length"
        assert seen.run(visible) == 2
        assert seen.run("return document.querySelectorAll('img').length") == 0
        assert seen.complaints() == []


@pytest.mark.skipif(not HERE, reason="no chromium with chromedriver is installed")
def test_a_phone_shows_all_of_it(page: Path, tmp_path: Path) -> None:
    with opened(page, tmp_path / "profile", 390, 844) as seen:
        assert seen.run("return document.documentElement.scrollWidth") <= 390
        assert seen.complaints() == []
