"""``ltgnn <command> ...``: hands over to the module of the command, nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

COMMANDS = {
    "train": ("ltgnn.commands.train", "train and evaluate one configuration, or sweep many with -m"),
    "evaluate": (
        "ltgnn.commands.evaluate",
        "judge a finished run, or another library's lists, again: other split, groups, dials",
    ),
    "claim": ("ltgnn.commands.claim", "is NEW better than BASE on the tail at no cost for the head?"),
    "compare": (
        "ltgnn.commands.compare",
        "configurations side by side: mean and spread, differences, which axis matters",
    ),
    "pareto": ("ltgnn.commands.pareto", "accuracy against tail, for a sweep of dials"),
    "reproduce": (
        "ltgnn.commands.reproduce",
        "train a published row, compare, say the verdict: PASS, NEAR, FAIL, ABOVE",
    ),
    "ensemble": ("ltgnn.commands.ensemble", "finished runs blended into one, weights fitted on validation"),
    "recommend": ("ltgnn.commands.recommend", "lists for users, with a reason for each item"),
    "similar": ("ltgnn.commands.similar", "items near to one"),
    "explain": ("ltgnn.commands.explain", "why a user gets an item: parts that add up to the score"),
    "export": ("ltgnn.commands.export", "a finished run as plain files to serve from, with a model card"),
    "data": ("ltgnn.commands.data", "fetch, import, stats, split, audit, diff, export"),
    "features": ("ltgnn.commands.features", "item features: build, ls, verify, prune"),
    "finetune": ("ltgnn.commands.finetune", "tune a text encoder on a shop's own data"),
    "search": ("ltgnn.commands.search", "items that fit a query, by words, meaning and taste"),
    "answers": ("ltgnn.commands.answers", "the answer to a question, out of a table of them"),
    "update": ("ltgnn.commands.update", "fresh events, users and items into a finished run, without retraining"),
    "serve": ("ltgnn.commands.serve", "a page to look with, and its JSON API"),
    "models": ("ltgnn.commands.models", "every model, graph, fusion, loss ... with its source"),
    "report": (
        "ltgnn.commands.report",
        "one HTML file about many runs: answer, leaderboard, pictures, commands",
    ),
    "runs": ("ltgnn.commands.runs", "import W&B's offline runs; the yaml of `wandb sweep`"),
    "table": ("ltgnn.commands.table", "runs side by side: head, mid, tail, cold"),
}


CHECKED = ("train", "evaluate", "finetune", "ensemble")
"""Commands with knobs at the root of their yaml."""


def main(argv: Sequence[str] | None = None) -> int:
    """Dispatch; the modules are imported only when called, so that help is instant."""
    try:
        code = dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()  # here, where a reader that is gone (`| head`) is no error
    except KeyboardInterrupt:
        print("ltgnn: interrupted", file=sys.stderr)
        return 130
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # rich leaves so where nobody reads its table
            return 141
        raise
    except Exception as error:
        if isinstance(error, BrokenPipeError) and is_output_closed():
            return 141  # 128 + SIGPIPE, as the shell counts it
        from ltgnn.config.error_messages import FAULT, message
        from ltgnn.io.terminal import printable_lines

        text = message(error)
        if text is None:
            error.add_note(FAULT)
        if text is None or os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        print(printable_lines(f"ltgnn: {text}"), file=sys.stderr)
        return 1
    return code


def dispatch(arguments: list[str]) -> int:
    """The exit code of a command."""
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if arguments[0] in ("-V", "--version"):
        from ltgnn import __version__

        print(__version__)
        return 0
    command, *rest = arguments
    if command not in COMMANDS:
        import difflib

        from ltgnn.io.terminal import printable

        near = difflib.get_close_matches(command, COMMANDS, n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        print(f"ltgnn: unknown command '{printable(command)}'.{hint}\n\n{usage()}", file=sys.stderr)
        return 1
    if command in CHECKED and (wrong := wrong_words(command, rest)):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a busy neighbour makes spinning threads six times slower
    from ltgnn.training.memory import huge_pages

    huge_pages()
    module = import_module(COMMANDS[command][0])
    from ltgnn.config.trust import take, trusting
    from ltgnn.io.libyaml import faster_omegaconf

    words, packages = take(rest)
    with faster_omegaconf(), trusting(packages):
        code: int = module.main(words)
    return code


def wrong_words(command: str, words: Sequence[str]) -> list[str]:
    """What is surely wrong in ``KEY=VALUE`` words, in lines to print; seconds before PyTorch would be there."""
    from ltgnn.config.knobs import wrong_knobs
    from ltgnn.io.terminal import printable_lines

    return printable_lines("ltgnn: " + "\n".join(found)).split("\n") if (found := wrong_knobs(command, words)) else []


def is_output_closed() -> bool:
    """Whether nobody reads what is printed any more; then the rest goes nowhere, without a word."""
    import select

    watched = select.poll()
    watched.register(sys.stdout, select.POLLOUT)
    if not any(event & select.POLLERR for _, event in watched.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def usage() -> str:
    """The commands, a line each."""
    lines = [f"  {name:<12}{text}" for name, (_, text) in COMMANDS.items()]
    return "usage: ltgnn COMMAND ...\n\n" + "\n".join(lines) + "\n\n`ltgnn COMMAND --help` shows more."


if __name__ == "__main__":
    raise SystemExit(main())
