"""Descriptions shown, summed up and written as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ltgnn.features.describing.describer import Describer
from ltgnn.features.describing.description import Description
from ltgnn.io.atomic_write import replace_atomically
from ltgnn.io.pluralize import pluralize
from ltgnn.types import UserError


def show_texts(asked: Sequence[str], found: Sequence[Description], most: int) -> None:
    """Prints up to ``most`` descriptions below the texts that they are of."""
    shown = [(text, one) for text, one in zip(asked, found, strict=True) if one.tries][:most]
    for text, one in shown:
        print(text)
        for name, value in one.parts.items() or [("nothing that could be read", "")]:
            print(f"  {name}: {value}")


def forecast(describer: Describer, asked: Sequence[str]) -> str:
    """What the descriptions cost so far, and what those that are not there would, at the mean so far."""
    cost, texts = describer.cost(asked), len({text for text in asked if text})
    lines = [f"described so far: {cost.in_words(describer.price_in, describer.price_out)}"]
    left = texts - cost.texts
    if left and cost.texts:
        each = left / cost.texts
        price = cost.price(describer.price_in, describer.price_out)
        lines.append(
            f"{pluralize(left, 'text')} left: about {each * (cost.tokens_in + cost.tokens_out):,.0f} tokens, "
            f"{each * cost.seconds:,.0f} s" + ("" if price is None else f", price {each * price:,.2f}")
        )
    return "\n".join(lines)


def write_table(
    file: Path,
    items: Sequence[str],
    asked: Sequence[str],
    found: Sequence[Description],
    texts: Sequence[str],
    parts: Sequence[str],
) -> None:
    """A row for each item: its id, the text asked about, the parts, the text that is encoded."""
    import polars as pl

    columns = {name: [one.parts.get(name, "") for one in found] for name in parts}
    table = pl.DataFrame({"item_id": list(items), "item": list(asked), **columns, "text": list(texts)})
    writers: dict[str, Callable[[Path], object]] = {
        ".csv": table.write_csv,
        ".parquet": table.write_parquet,
        ".jsonl": table.write_ndjson,
    }
    if file.suffix not in writers:
        raise UserError(f"--out {file}: wanted a file that ends in {', '.join(writers)}")
    with replace_atomically(file, "--out") as temporary:
        writers[file.suffix](temporary)
