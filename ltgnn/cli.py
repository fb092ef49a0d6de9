"""``ltgnn <command> ...``: dispatches to the module of the command."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from ltgnn.io.scoped_cache import cache_scope

GROUPS = {
    "data": {
        "data": ("ltgnn.commands.data", "fetch, import, stats, split, audit, diff, export"),
        "features": ("ltgnn.commands.features", "item features: build, ls, verify, prune"),
    },
    "train": {
        "train": ("ltgnn.commands.train", "train and evaluate one configuration, or sweep many with -m"),
        "finetune": ("ltgnn.commands.finetune", "tune a text encoder on a shop's own data"),
        "ensemble": ("ltgnn.commands.ensemble", "blend finished runs, weights fitted on validation"),
        "reproduce": (
            "ltgnn.commands.reproduce",
            "train a published row: PASS, NEAR, FAIL or ABOVE",
        ),
        "models": ("ltgnn.commands.models", "models, losses, fusions ... with source; keys of one option"),
        "init": ("ltgnn.commands.init", "a package of your own: loss, encoder, data, experiment, tests"),
        "completion": ("ltgnn.commands.completion", "tab completion for bash, zsh, fish"),
    },
    "analyse": {
        "evaluate": (
            "ltgnn.commands.evaluate",
            "a finished run again: other groups, score; or any lists",
        ),
        "table": ("ltgnn.commands.table", "runs side by side, by head, tail and cold"),
        "compare": (
            "ltgnn.commands.compare",
            "differences to a baseline, tests, analysis of variance",
        ),
        "claim": ("ltgnn.commands.claim", "is NEW better than BASE on the tail at no cost for the head?"),
        "plot": ("ltgnn.commands.plot", "pictures: head-tail, Pareto, popularity, learning curves"),
        "pareto": ("ltgnn.commands.pareto", "accuracy against tail, for a sweep of score adjustments"),
        "report": (
            "ltgnn.commands.report",
            "one HTML file: answer, leaderboard, pictures, commands",
        ),
        "runs": ("ltgnn.commands.runs", "import W&B's offline runs; the yaml of `wandb sweep`"),
    },
    "serve": {
        "recommend": ("ltgnn.commands.recommend", "lists for users, with a reason for each item"),
        "similar": ("ltgnn.commands.similar", "items similar to an item"),
        "explain": ("ltgnn.commands.explain", "why a user gets an item: the terms of its score"),
        "search": ("ltgnn.commands.search", "items that match a query, by keywords, meaning and taste"),
        "answers": ("ltgnn.commands.answers", "the answer to a question, from a table of answers"),
        "update": ("ltgnn.commands.update", "new events, users and items, without training again"),
        "serve": ("ltgnn.commands.serve", "web demo and JSON API"),
        "export": ("ltgnn.commands.export", "a finished run as plain files to serve from, with a model card"),
    },
}
"""Commands by group: name -> (module, description)."""

COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}
"""All commands by name."""


CHECKED = ("train", "evaluate", "finetune", "ensemble")
"""Commands with knobs at the root of their yaml."""


def main(argv: Sequence[str] | None = None) -> int:
    """Dispatch; the modules are imported only when called, so that help is instant."""
    try:
        with cache_scope():
            code = dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()  # here, where a reader that is gone (`| head`) is not an error
    except KeyboardInterrupt:
        print("ltgnn: interrupted", file=sys.stderr)
        return 130
    except SystemExit as left:
        if isinstance(left.__context__, BrokenPipeError):  # rich exits this way when its pipe is closed
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
    if command == "completion":  # each Tab waits for it
        from ltgnn.commands.completion import main as complete

        return complete(rest, {name: module for name, (module, _) in COMMANDS.items()})
    from ltgnn.config.search_path import searching, split_folders

    rest, folders = split_folders(rest)
    if command in CHECKED and (wrong := wrong_words(command, rest)):
        print("\n".join(wrong), file=sys.stderr)
        return 1
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # a busy neighbour makes spinning threads six times slower
    from ltgnn.training.memory import huge_pages

    huge_pages()
    module = import_module(COMMANDS[command][0])
    from ltgnn.config.trust import split_trust, trusting
    from ltgnn.io.libyaml import faster_omegaconf

    words, packages = split_trust(rest)
    with faster_omegaconf(), trusting(packages), searching(folders):
        code: int = module.main(words)
    return code


def wrong_words(command: str, words: Sequence[str]) -> list[str]:
    """What is surely wrong in ``KEY=VALUE`` words, in lines to print; seconds before PyTorch would be there."""
    from ltgnn.config.knobs import wrong_knobs
    from ltgnn.io.terminal import printable_lines

    return printable_lines("ltgnn: " + "\n".join(found)).split("\n") if (found := wrong_knobs(command, words)) else []


def is_output_closed() -> bool:
    """Whether the reader of the output is gone; then the rest is discarded."""
    import select

    watched = select.poll()
    watched.register(sys.stdout, select.POLLOUT)
    if not any(event & select.POLLERR for _, event in watched.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return True


def usage() -> str:
    """The commands by group, one line each."""
    lines = ["usage: ltgnn COMMAND ..."]
    for title, commands in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {name:<12}{text}" for name, (_, text) in commands.items())]
    return "\n".join([*lines, "", "`ltgnn COMMAND --help` shows more."])


if __name__ == "__main__":
    raise SystemExit(main())
