"""SQL function `embed(model_path, row [, tower [, run_id, sha256]])`: a row through an ONNX tower.

    select cast(embed(path, inputs, 'user', run_id, user_model_sha256) as float[160]) from runs cross join inputs

`row` is a struct (the alias of a table in the from clause is one); its fields bind to the model's inputs by
name, fields that the model does not read are ignored. `tower` and `run_id` are what the model must say of itself,
where it says anything, and `sha256` is the checksum of its file. Each file is read and checked once. With a
checksum, that of a registry, all numbers must be finite.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from .inputs import Lists, Rows, lists, scalars, vectors
from .onnx_files import REMEDY, Model, ModelFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

# rows x padded list length of one model call: x 160 floats is 5 MB; at 2**15 half as slow again, all at once 1 GB
BATCH_CELLS = 2**13
LEAST_ROWS = 256  # fewer are not worth a call of their own
FILES = ModelFiles()

Tensors = dict[str, npt.NDArray[Any] | Lists]


def embed(paths: pa.ChunkedArray, rows: pa.ChunkedArray, *expected: pa.ChunkedArray, threads: int = 1) -> pa.Array:
    """Embeddings FLOAT[] in row order. DuckDB passes at most 2,048 rows, also none.

    expected: columns tower, run_id and sha256, as many of them as there are.

    Raises:
        ValueError: naming path, column and remedy, when file and row do not fit each other.
    """
    path_of_row = paths.combine_chunks()
    struct = rows.combine_chunks()
    if not pa.types.is_struct(struct.type):
        raise ValueError(f"embed: the second argument is {struct.type}; give the alias of a table")
    chosen = path_of_row.dictionary_encode()
    codes = chosen.indices.to_numpy(zero_copy_only=False)
    parts, places = [], []
    for code, path in enumerate(chosen.dictionary.to_pylist()):
        model = FILES.open(path)
        place = np.flatnonzero(codes == code)
        check_model(model, *(set(column.take(pa.array(place)).unique().to_pylist()) for column in expected))
        parts.append(run(model, struct if len(place) == len(struct) else struct.take(pa.array(place)), threads))
        if len(expected) == 3:  # of a registry: what is served
            check_numbers(model, parts[-1])
        places.append(place)
    return as_arrow(parts, places)


def check_model(
    model: Model, towers: Collection[str] = (), runs: Collection[str] = (), digests: Collection[str] = ()
) -> None:
    """Raises ValueError when the model is another tower, of another run or another file than the caller expects."""
    for tower in towers:
        if model.about.get("tower", tower) != tower:
            raise ValueError(f"embed: model {model} is not the {tower} tower: the file was swapped; {REMEDY}")
    for run_id in runs:
        if model.about.get("run_id", run_id) != run_id:
            raise ValueError(f"embed: model {model} is not of run {run_id}: the file was swapped; {REMEDY}")
    for digest in digests:
        if model.sha256 != digest:
            raise ValueError(
                f"embed: model {model} has another checksum (sha256) than its registry says: the file was changed or "
                f"swapped; {REMEDY}"
            )


def run(model: Model, struct: pa.StructArray, threads: int = 1) -> npt.NDArray[np.float32]:
    """Embeddings [n, dim] of n rows."""
    tensors = bind(model, struct)
    # DuckDB gives a table of fewer than 122,880 rows to one thread, so the batches of a call share the others
    chosen = list(batches(tensors, len(struct), threads))
    with ThreadPoolExecutor(threads) as pool:
        outputs = list(pool.map(lambda rows: model.session.run(None, feed(model, tensors, rows))[0], chosen))
    result = np.empty((len(struct), outputs[0].shape[1] if outputs else 0), np.float32)
    for rows, output in zip(chosen, outputs, strict=True):
        result[rows] = output
    return result


def check_numbers(model: Model, result: npt.NDArray[np.float32]) -> None:
    """Raises ValueError where a number is not finite."""
    wrong = len(result) - int(np.isfinite(result).all(1).sum())
    if wrong:
        raise ValueError(f"embed: model {model} gives NaN or infinity for {wrong} of {len(result)} rows; {REMEDY}")


def bind(model: Model, struct: pa.StructArray) -> Tensors:
    """The model's inputs, by name as SQL understands it (upper and lower case are the same)."""
    index = {field.name.lower(): i for i, field in enumerate(struct.type)}
    missing = [f"'{wanted.name}'" for wanted in model.inputs if wanted.name.lower() not in index]
    if missing:
        names = ", ".join(field.name for field in struct.type)
        raise ValueError(
            f"embed: model {model} reads column {', '.join(missing)}, which the row does not have "
            f"(it has {names}); bring the column back, or if the file was swapped: {REMEDY}"
        )
    tensors: Tensors = {}
    for wanted in model.inputs:
        column = struct.field(index[wanted.name.lower()])
        if wanted.size is None:
            tensors[wanted.name] = scalars(column, wanted.name, wanted.dtype)
        elif isinstance(wanted.size, int):
            tensors[wanted.name] = vectors(column, wanted.name, wanted.dtype, wanted.size)
        else:
            tensors[wanted.name] = lists(column, wanted.name, wanted.dtype)
    return tensors


def batches(tensors: Tensors, n: int, threads: int) -> Iterator[Rows]:
    """Rows per model call: with lists, rows of like length together, so that little is padded; else as they come."""
    lists_of_rows = [tensor for tensor in tensors.values() if isinstance(tensor, Lists)]
    if not lists_of_rows:  # slices are not copied
        step = max(-(-n // threads), LEAST_ROWS)
        yield from (slice(start, start + step) for start in range(0, n, step))
        return
    lengths = np.max([np.ones(n, np.int64), *(tensor.lengths for tensor in lists_of_rows)], axis=0)
    order = np.argsort(-lengths, kind="stable")  # longest first: a batch is as wide as its first row
    start = 0
    while start < n:
        stop = start + max(1, BATCH_CELLS // int(lengths[order[start]]))
        yield order[start:stop]
        start = stop


def feed(model: Model, tensors: Tensors, rows: Rows) -> dict[str, npt.NDArray[Any]]:
    """The model's inputs for these rows; lists padded to the longest that shares their length, at least 1."""
    widths: dict[int | str | None, int] = {}
    for wanted in model.inputs:
        tensor = tensors[wanted.name]
        if isinstance(tensor, Lists):
            widths[wanted.size] = max(widths.get(wanted.size, 1), int(tensor.lengths[rows].max()))
    fed = {}
    for wanted in model.inputs:
        tensor = tensors[wanted.name]
        if isinstance(tensor, Lists):
            fed[wanted.name] = tensor.padded(rows, widths[wanted.size])
        else:
            fed[wanted.name] = tensor[rows]
    return fed


def as_arrow(parts: list[npt.NDArray[np.float32]], places: list[npt.NDArray[np.int64]]) -> pa.Array:
    """Embeddings of several models, back in row order, as FLOAT[]."""
    if not parts:
        return pa.array([], pa.list_(pa.float32()))
    arrays = []
    for part in parts:
        offsets = np.arange(len(part) + 1, dtype=np.int32) * part.shape[1]
        arrays.append(pa.ListArray.from_arrays(pa.array(offsets), pa.array(part.ravel())))
    if len(arrays) == 1:
        return arrays[0]
    back = np.argsort(np.concatenate(places), kind="stable")
    return pc.take(pa.concat_arrays(arrays), pa.array(back))
