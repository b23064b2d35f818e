"""Encoder folders: an ONNX model of texts or pictures and what it needs to be run, opened once.

A folder holds `model.onnx`, `encoder.json` and, for texts, `tokenizer.json`; `two-tower export-encoder` makes
one. `encoder.json` says how the model is run:

    texts     {"reads": "text", "output": "last_hidden_state", "max_length": 256, "pooling": "mean" (or "cls"),
               "normalise": true}
    pictures  {"reads": "image", "output": "features", "size": 224, "crop": 0.875 (share of the shorter side that is
               kept), "resample": "bicubic", "mean": [r, g, b], "deviation": [r, g, b], "normalise": true}

SQL function `encoder(folder)`: STRUCT(reads, version, dimension); `version` is a hash of the three files.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..onnx_weights import refuse_outside

Vectors = npt.NDArray[np.float32]

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

    Encode = Callable[["Encoder", list[Any]], list[Vectors | None]]

FILES = {"text": ("model.onnx", "encoder.json", "tokenizer.json"), "image": ("model.onnx", "encoder.json")}
RESAMPLE = ("nearest", "box", "bilinear", "hamming", "bicubic", "lanczos")
REMEDY = "`two-tower export-encoder` makes such a folder, see docs/how-to/texts-reviews-pictures.md"


def _is_number(value: Any, least: float, most: float = 1e9) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and _is_number(value, 1)


def _are_colours(value: Any, least: float) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(_is_number(part, least) for part in value)


SHARED: dict[str, tuple[str, Callable[[Any], bool], Any]] = {
    "output": ("the name of an output", lambda value: isinstance(value, str), None),
    "normalise": ("true or false", lambda value: isinstance(value, bool), False),
}
SETTINGS = {  # of encoder.json by what it reads: what each must be, whether a value is that, and the value of none
    "text": SHARED
    | {
        "max_length": ("a whole number from 1 on", _is_count, None),
        "pooling": ("mean or cls", lambda value: value in ("mean", "cls"), None),
    },
    "image": SHARED
    | {
        "size": ("a whole number from 1 on", _is_count, None),
        "crop": ("a share above 0", lambda value: _is_number(value, 0.01, 1), 1.0),
        "resample": ("one of " + ", ".join(RESAMPLE), lambda value: str(value).lower() in RESAMPLE, "bicubic"),
        "mean": ("three numbers", lambda value: _are_colours(value, -1e9), None),
        "deviation": ("three numbers above 0", lambda value: _are_colours(value, 1e-9), None),
    },
}


@dataclass(frozen=True)
class Encoder:
    """An opened folder and what its encoder.json says."""

    folder: Path
    settings: dict[str, Any]
    session: onnxruntime.InferenceSession
    tokenizer: tokenizers.Tokenizer | None

    @cached_property
    def inputs(self) -> list[str]:
        """Names of what the model reads."""
        return [node.name for node in self.session.get_inputs()]

    @cached_property
    def version(self) -> str:
        """Hash of the folder's files."""
        digest = hashlib.sha256()
        for name in FILES[self.settings["reads"]]:
            digest.update((self.folder / name).read_bytes())
        return digest.hexdigest()[:16]

    @cached_property
    def dimension(self) -> int:
        """Length of the embeddings. Raises ValueError when the model does not say."""
        shape = next(node.shape for node in self.session.get_outputs() if node.name == self.settings["output"])
        size = shape[1] if self.settings["reads"] == "image" else shape[-1]
        if not isinstance(size, int):
            raise ValueError(f"encoder '{self.folder}': output {self.settings['output']} has no fixed length: {shape}")
        return size

    def run(self, inputs: dict[str, npt.NDArray[Any]]) -> Vectors:
        """The model's output for a batch."""
        output: Vectors = self.session.run([self.settings["output"]], inputs)[0]
        return output

    def finished(self, vectors: Vectors) -> list[Vectors | None]:
        """Rows [B, n] normalised where the encoder says so; None for what is not finite."""
        if self.settings.get("normalise"):
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = vectors / np.maximum(lengths, 1e-12)
        return [row if np.isfinite(row).all() else None for row in vectors]


class EncoderFolders:
    """Opened folders. DuckDB calls from several threads and outlives a dbt run: locked, read again after a change."""

    def __init__(self) -> None:
        self._encoders: dict[str, tuple[tuple[int, ...], Encoder]] = {}
        self._lock = threading.Lock()

    def open(self, folder: str, reads: str | None = None) -> Encoder:
        """The encoder in a folder. Raises ValueError naming folder and remedy, also when it does not read `reads`."""
        path = Path(folder)
        try:
            settings = json.loads((path / "encoder.json").read_text())
            if not isinstance(settings, dict) or str(settings.get("reads")) not in FILES:
                raise ValueError(f"encoder.json does not say what it reads, which is {' or '.join(FILES)}")
            stats = [(path / name).stat() for name in FILES[settings["reads"]]]
        except (OSError, ValueError) as error:
            raise ValueError(f"encoder '{folder}': {type(error).__name__} {error}; {REMEDY}") from None
        for name, (wanted, allows, default) in SETTINGS[settings["reads"]].items():
            if not allows(settings.get(name, default)):
                given = json.dumps(settings[name]) if name in settings else "missing"
                raise ValueError(f"encoder '{folder}': {name} in encoder.json is {given}, not {wanted}; {REMEDY}")
        if reads not in (None, settings["reads"]):
            raise ValueError(
                f"encoder '{folder}' reads {settings['reads']}, not {reads}; give a folder that reads {reads}"
            )
        state = tuple(part for stat in stats for part in (stat.st_mtime_ns, stat.st_size))
        with self._lock:
            if self._encoders.get(folder, (None,))[0] != state:
                self._encoders[folder] = state, load(path, settings)
            return self._encoders[folder][1]


def load(folder: Path, settings: dict[str, Any]) -> Encoder:
    """Open model and tokenizer. Raises ValueError naming the folder when one is not whole."""
    import onnxruntime  # here, because `dbt compile` loads the plugin too
    import tokenizers

    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # beside DuckDB's threads
    tokenizer = None
    refuse_outside(folder / "model.onnx", f"encoder '{folder}'")
    try:
        session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"])
        if settings["reads"] == "text":
            tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
            tokenizer.enable_truncation(settings["max_length"])
            tokenizer.no_padding()
    except Exception as error:  # neither library has a common class for its exceptions
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"encoder '{folder}' is not whole ({reason}); {REMEDY}") from None
    outputs, named = [node.name for node in session.get_outputs()], settings.get("output")
    if named not in outputs:
        raise ValueError(f"encoder '{folder}': encoder.json names output {named!r}, the model has {outputs}; {REMEDY}")
    return Encoder(folder, settings, session, tokenizer)


FOLDERS = EncoderFolders()


def describe(folders: pa.ChunkedArray) -> pa.Array:
    """What the encoder in each folder reads, its version and its dimension."""
    encoders = [FOLDERS.open(folder) for folder in folders.to_pylist()]
    rows = [{"reads": e.settings["reads"], "version": e.version, "dimension": e.dimension} for e in encoders]
    return pa.array(rows, pa.struct([("reads", pa.string()), ("version", pa.string()), ("dimension", pa.int32())]))


def encoded(folders: pa.ChunkedArray, contents: pa.ChunkedArray, reads: str, encode: Encode) -> pa.Array:
    """FLOAT[] per row, by the encoder of its folder; NULL for NULL, and where `encode` has nothing to say."""
    names, values = folders.to_pylist(), contents.to_pylist()
    rows: list[Vectors | None] = [None] * len(values)
    for name in dict.fromkeys(name for name in names if name is not None):
        places = [n for n, value in enumerate(values) if names[n] == name and value is not None]
        found = encode(FOLDERS.open(name, reads), [values[place] for place in places])
        for place, vector in zip(places, found, strict=True):
            rows[place] = vector
    return pa.array(rows, pa.list_(pa.float32()))
