"""A small picture of an explanation: the user, the items of the history, and the item, as SVG."""

from __future__ import annotations

from html import escape

from ltgnn.inference.explanation.explainer import Explanation, Line

WIDTH, ROW, TOP = 860, 46, 70
FOR, AGAINST, TEXT = "#0b6e4f", "#b3261e", "#6d3bb0"
SHORT = 34  # characters of a title


def picture(found: Explanation, most: int = 8) -> str:
    """SVG. Lines from the user over each summand to the item, as thick as it is large; green adds, red subtracts.

    Dashed: similar texts (cosine), for items of the history that are shown.
    """
    lines = [line for line in found.lines if line.value][:most]
    height = TOP + ROW * max(1, len(lines)) + 40
    middle = TOP + ROW * max(1, len(lines)) / 2
    largest = max((abs(line.value) for line in lines), default=1.0)
    cosines = {alike.item: alike.cosine for alike in found.alike if alike.cosine is not None}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
        f'height="{height:.0f}" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#ffffff"/>',
        _text(20, 26, f"Why user {shorten(found.user)} gets {shorten(found.title, 60)}", "start", "bold"),
        _text(20, 46, f"score {found.score:.4f}" + (f", place {found.rank}" if found.rank else "")
              + ("; what adds up to it" if found.sums else "; what comes near it"), "start", colour="#5c6772"),
    ]  # fmt: skip
    if found.kinds is not None:
        shares = ", ".join(f"{share.name} {share.value:+.4f}" for share in found.kinds.shares)
        sums = "" if found.kinds.sums else " (less without it)"
        parts.append(_text(20, 62, shorten(f"by kind of features: {shares}{sums}", 120), "start", colour="#5c6772"))
    for number, line in enumerate(lines):
        y = TOP + ROW * number + ROW / 2
        thick = 1 + 9 * abs(line.value) / largest
        colour = FOR if line.value > 0 else AGAINST
        for x1, y1, x2, y2 in ((110, middle, 270, y), (590, y, 740, middle)):
            parts.append(
                f'<path d="M{x1} {y1:.1f} C{(x1 + x2) / 2:.0f} {y1:.1f} {(x1 + x2) / 2:.0f} {y2:.1f} {x2} {y2:.1f}" '
                f'fill="none" stroke="{colour}" stroke-opacity="0.55" stroke-width="{thick:.1f}"/>'
            )
        parts += _box(line, y, cosines.get(line.item), colour)
    parts.append(_node(66, middle, "user", shorten(found.user, 12)))
    parts.append(_node(790, middle, found.group, shorten(found.title, 13)))
    parts.append(_text(20, height - 12, "green adds to the score, red subtracts; cos: similarity of the texts", "start",
                       colour="#5c6772"))  # fmt: skip
    return "\n".join([*parts, "</svg>"]) + "\n"


def shorten(text: str, most: int = SHORT) -> str:
    """One line of at most ``size`` characters."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _box(line: Line, y: float, cosine: float | None, colour: str) -> list[str]:
    dash = ' stroke-dasharray="4 3"' if not line.item else ""
    about = f"{line.value:+.4f}" + (f", cos {cosine:.2f}" if cosine is not None else "")
    edge = TEXT if cosine is not None and cosine >= 0.5 else "#b9c1c9"
    return [
        f'<rect x="270" y="{y - 19:.1f}" width="320" height="38" rx="6" fill="#f5f6f8" stroke="{edge}"{dash}/>',
        _text(280, y - 3, shorten(line.title, 40), "start"),
        _text(280, y + 13, about, "start", colour=colour),
        _text(580, y + 13, line.group, "end", colour="#5c6772"),
    ]


def _node(x: float, y: float, kind: str, name: str) -> str:
    return (
        f'<circle cx="{x}" cy="{y:.1f}" r="46" fill="#e9f3f6" stroke="#0b6e8a"/>'
        + _text(x, y - 4, name, "middle", "bold", size=11)
        + _text(x, y + 14, kind, "middle", colour="#5c6772")
    )


def _text(
    x: float, y: float, text: str, anchor: str, weight: str = "normal", colour: str = "#1d2329", size: int = 13
) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" font-size="{size}" '
        f'fill="{colour}">{escape(text)}</text>'
    )
