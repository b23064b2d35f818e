"""ONNX files of the towers, opened once and kept as long as the file is the same."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..onnx_weights import refuse_outside

if TYPE_CHECKING:
    import onnxruntime

DTYPES: dict[str, np.dtype[Any]] = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(int64)": np.dtype(np.int64),
}
REMEDY = "put the folder of the model back, or `dbt run --select +training_runs+` trains again and writes it anew"
KEPT = 8  # two towers in two stages, before and after a training


@dataclass(frozen=True)
class Input:
    """What the model reads. `size`: None = number, int = vector, name = lists padded to a common length."""

    name: str
    dtype: np.dtype[Any]
    size: int | str | None


@dataclass(frozen=True)
class Model:
    """An opened ONNX file, its checksum, and what it says of itself (`run_id`, `tower`, ...)."""

    path: str
    session: onnxruntime.InferenceSession
    inputs: tuple[Input, ...]
    about: dict[str, str]
    sha256: str

    def __str__(self) -> str:
        tower, run = self.about.get("tower", "unknown"), self.about.get("run_id", "unknown")
        return f"'{self.path}' ({tower} tower of run {run})"


class ModelFiles:
    """Opened models. DuckDB calls from several threads and outlives a dbt run: locked and bounded."""

    def __init__(self) -> None:
        self._models: OrderedDict[tuple[str, int, int], Model] = OrderedDict()
        self._lock = threading.Lock()

    def open(self, path: str) -> Model:
        """The model at `path`, read again when the file changed. Raises ValueError naming path and remedy."""
        try:
            stat = Path(path).stat()
        except OSError as error:
            reason = error.strerror
            raise ValueError(f"embed: model file '{path}' cannot be read ({reason}); {REMEDY}") from None
        key = (path, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if key not in self._models:
                self._models[key] = load(path)
                while len(self._models) > KEPT:
                    self._models.popitem(last=False)
            self._models.move_to_end(key)
            return self._models[key]


def load(path: str) -> Model:
    """Open an ONNX file. Raises ValueError naming the path when it is not whole or reads unknown types."""
    import onnxruntime  # here, because `dbt compile` loads the plugin too

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # DuckDB calls from as many threads as it has
    options.inter_op_num_threads = 1
    refuse_outside(Path(path), f"embed: '{path}'")
    options.log_severity_level = 3  # errors: what it cannot fold it says at each start
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions have no common class
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"embed: '{path}' is not a whole ONNX file ({reason}); {REMEDY}") from None
    about = dict(session.get_modelmeta().custom_metadata_map)
    with Path(path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Model(path, session, tuple(_input(path, node) for node in session.get_inputs()), about, digest)


def _input(path: str, node: Any) -> Input:
    if node.type not in DTYPES or len(node.shape) not in (1, 2):
        raise ValueError(
            f"embed: model '{path}' reads '{node.name}' as {node.type} {node.shape}; "
            f"it may read {' or '.join(DTYPES)} of one or two dimensions"
        )
    if len(node.shape) == 1:
        return Input(node.name, DTYPES[node.type], None)
    width = node.shape[1]
    # lists whose length has one name in the model are padded to one length; without a name, each to its own
    return Input(node.name, DTYPES[node.type], width if isinstance(width, int) else width or node.name)
