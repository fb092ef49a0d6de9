"""``ltgnn reproduce NAME``: train a published row as it was published, compare, report the verdict."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig

from ltgnn.build import build_dataset, build_split, fetch_files
from ltgnn.config.composing import compose_config
from ltgnn.config.file_sources import resolve_places
from ltgnn.config.parser import Parser
from ltgnn.config.paths import checkout, paper_dir
from ltgnn.config.trust import check
from ltgnn.data.verified import digest_of
from ltgnn.io.terminal import printable_lines
from ltgnn.reproduction import result as paper_result
from ltgnn.reproduction.display import list_rows, show
from ltgnn.reproduction.outcome import outcome
from ltgnn.reproduction.published_row import Plan, Row, read_all
from ltgnn.runs.folder import RunFolder
from ltgnn.runs.run_key import resolve_config, run_key
from ltgnn.sweeps.ledger import Ledger
from ltgnn.types import UserError

log = logging.getLogger(__name__)

PRECISION = "trainer.precision=32-true"
"""As the papers trained, also on CUDA, where ``trainer=auto`` takes bfloat16."""

ABOUT = "Train a published row as it was published, compare, report the verdict: PASS, NEAR, FAIL or ABOVE."

EPILOG = """\
Each row is a yaml of experiments/paper with a closed recipe: no option of it can be changed here. It is trained as
`ltgnn train` does; finished seeds are not run again. PASS: within the tolerance; NEAR: below by at most twice the
tolerance; FAIL: further below; ABOVE: better than published, which is flagged, too. Exit code 0: every row asked for
is a PASS.

examples:
  ltgnn reproduce --list
  ltgnn reproduce gfcf-gowalla
  ltgnn reproduce --all --smoke --seeds 1"""


def main(argv: Sequence[str] | None = None) -> int:
    """0 if every row asked for is a PASS, else 1; 130 after a Ctrl-C."""
    given = _parser().parse_args(argv)
    rows = read_all(given.rows or paper_dir())
    home = checkout()
    results: Path = given.results or (home / "experiments" / "results" if home else Path("results"))
    if given.list:
        print(list_rows(list(rows.values()), results))
        return 0
    if given.table:
        rebuild(given.readme or (home and home / "README.md"), rows, results)
        return 0
    if unknown := [name for name in given.names if name not in rows]:
        closed = " A recipe is closed: to change an option of it, use `ltgnn train`." if "=" in unknown[0] else ""
        raise UserError(f"no row '{unknown[0]}'.{closed} Rows: {', '.join(rows)}.")
    if not (given.names or given.all):
        raise UserError("name a row, or --all, or --list.")
    words = []
    for row in [rows[name] for name in given.names] or list(rows.values()):
        try:
            words.append(reproduce_row(row, given.smoke, given.seeds, results, given.force or bool(given.names)))
        except KeyboardInterrupt:
            return 130
        except UserError as mistake:
            if not given.all:
                raise
            print(printable_lines(f"ltgnn: {mistake}"), file=sys.stderr)
            words.append("refused")
    if readme := given.readme or (home and home / "README.md"):
        rebuild(readme, rows, results)
    print("  ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words)))
    return 0 if set(words) == {"PASS"} else 1


def reproduce_row(row: Row, smoke: bool, seeds: int | None, results: Path, here: bool) -> str:
    """Check, train what has not finished, evaluate, write; the verdict. Raises ``UserError`` before training."""
    import torch

    plan = row.plan(smoke)
    if seeds is not None and not 1 <= seeds <= len(row.seeds):
        raise UserError(f"--seeds {seeds}: {row.name} has {len(row.seeds)}: {', '.join(map(str, row.seeds))}.")
    if plan.kind == "whole" and row.hardware == "gpu" and not torch.cuda.is_available() and not here:
        print(f"{row.name}: {paper_result.NOT_RUN}, the full run requires a GPU (name the row to run it anyway)")
        return paper_result.NOT_RUN
    chosen = row.seeds[:seeds]
    fingerprint = verify(row, compose_plan(plan, chosen[0]))
    folders = train_seeds(row, plan, chosen)
    result = outcome(row, plan, chosen, folders, fingerprint)
    file = paper_result.write(results, result)
    show(row, result)
    log.info("written to %s", file)
    print(f"  {file}")
    return str(result["verdict"])


def verify(row: Row, cfg: DictConfig) -> str:
    """Refuse other files and other counts before anything is trained; the fingerprint of the split."""
    folder = fetch_files(cfg)
    for name, wanted in row.data["sha256"].items():
        file = folder / name
        if not file.is_file():
            raise UserError(f"{row.name}: {file} is absent, the row was published on one with sha256 {wanted}.")
        if (digest := digest_of(file)) != wanted:
            raise UserError(
                f"{row.name}: {file} has sha256 {digest}, wanted {wanted} (experiments/paper/{row.name}.yaml). "
                "Numbers of other files cannot be compared: no number is given."
            )
    split = build_split(cfg, build_dataset(cfg))
    counts = {
        "users": split.train.num_users,
        "items": split.train.num_items,
        **{part: len(getattr(split, part)) for part in ("train", "val", "test")},
    }
    wrong = [
        f"{name} {counts[name]}, published {number}"
        for name, number in row.data["counts"].items()
        if counts[name] != number
    ]
    if wrong:
        raise UserError(
            f"{row.name}: the data are not the published ones: {'; '.join(wrong)}. Numbers of other data cannot be "
            "compared: no number is given."
        )
    return split.fingerprint


def compose_plan(plan: Plan, seed: int) -> DictConfig:
    """The configuration of one seed; its folder does not change the run key."""
    cfg = compose_config("train", [*plan.words, PRECISION, f"seed={seed}", "paths.run_dir=/RUN"])
    recipe = resolve_config(cfg)
    check(recipe, plan.file.parent, plan.file.name)
    resolve_places(recipe, plan.file.parent, plan.file.name)
    return cfg


def train_seeds(row: Row, plan: Plan, seeds: Sequence[int]) -> list[RunFolder]:
    """The finished run folders of the seeds; those that have not finished are trained, by ``ltgnn train -m``."""
    from ltgnn.commands.train import main as train

    cfg = compose_plan(plan, seeds[0])
    sweep = Path(cfg.paths.log_dir).resolve() / "reproduce" / row.name
    keys = [run_key(compose_plan(plan, seed)) for seed in seeds]
    ledger = Ledger.of(sweep)
    if ledger is None or not all(ledger.finished(key) for key in keys):
        code = train(
            [*plan.words, PRECISION, f"seed={','.join(map(str, seeds))}", "logger=none", f"sweep.dir={sweep}", "-m"]
        )
        if code == 130:
            raise KeyboardInterrupt
        ledger = Ledger(sweep)
    folders = []
    for seed, key in zip(seeds, keys, strict=True):
        folder = ledger.folder(key)
        if folder is None or not ledger.finished(key):
            error = "" if folder is None else RunFolder(folder).read_json("status.json").get("error", "")
            raise UserError(
                f"{row.name}, seed {seed}: {error.removeprefix('UserError: ') or 'not trained'} ({folder or sweep})"
            )
        folders.append(RunFolder(folder))
    return folders


def rebuild(readme: Path | None, rows: dict[str, Row], results: Path) -> None:
    """The table of README, of the committed results."""
    if readme is None:
        raise UserError("no README here: the package is installed. Name one with --readme FILE.")
    paper_result.rebuild(readme, list(rows.values()), results)


def _parser() -> Parser:
    parser = Parser(prog="ltgnn reproduce", description=ABOUT, epilog=EPILOG)
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows; --list names them")
    parser.add_argument("--all", action="store_true", help="every row that this machine can run")
    parser.add_argument("--list", action="store_true", help="the rows and what is known of them")
    parser.add_argument("--table", action="store_true", help="only rebuild the table of README from the result files")
    parser.add_argument("--smoke", action="store_true", help="only to the early epochs that the source logged")
    parser.add_argument("--seeds", type=int, metavar="N", help="the first N seeds of each row; default: all of them")
    parser.add_argument("--force", action="store_true", help="with --all: also rows that require a GPU, on this CPU")
    parser.add_argument("--rows", type=Path, metavar="FOLDER", help="other rows; default: experiments/paper")
    parser.add_argument("--results", type=Path, metavar="FOLDER", help="default: experiments/results, or ./results")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="default: README.md of the checkout")
    return parser
