"""From fitted towers to ONNX files that need nothing but onnxruntime: inputs by column name, one output `vector`."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .factorization.factors import Factors
from .fit.embedder import ITEMS_AT_ONCE, Embedder
from .inputs.arrays import HISTORY, Array, Ragged, tensors
from .inputs.examples import Examples

LARGEST = 2_000_000_000  # bytes: a file of protobuf ends at 2 GiB
INPUT = "column."  # marks the inputs until _rename: a column may be called like a value of torch's, say select or add


class ItemGraph(nn.Module):
    """Item tower with positional inputs, as the exporter wants them, and the factors of a cutoff as constants."""

    items: Tensor
    values: Tensor

    def __init__(self, embedder: Embedder, cutoff: int, names: list[str]):
        super().__init__()
        self.tower, self.names = embedder.towers.item, names
        factors = embedder.factors(cutoff)
        self.register_buffer("items", factors.items)
        self.register_buffer("values", factors.values)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Embeddings [B, D]."""
        factors = Factors(self.items, self.items, self.values, self.values)  # an item needs no more of them
        vector: Tensor = self.tower(dict(zip(self.names, inputs, strict=True)), factors)
        return vector


class UserGraph(nn.Module):
    """User tower with positional inputs and the history vectors of all items as a constant [C, W + F + H]."""

    vectors: Tensor
    fold_in_basis: Tensor

    def __init__(self, embedder: Embedder, cutoff: int, names: list[str]):
        super().__init__()
        self.tower, self.names = embedder.towers.user, names
        self.register_buffer("fold_in_basis", embedder.factors(cutoff).fold_in_basis)
        with torch.inference_mode():
            codes = torch.arange(len(embedder.examples.items_by_index))
            pieces = codes.split(ITEMS_AT_ONCE)
            vectors = torch.cat([embedder.history_vectors(piece, cutoff) for piece in pieces])
        self.register_buffer("vectors", vectors.clone())

    def forward(self, *inputs: Tensor) -> Tensor:
        """Embeddings [B, D]."""
        named = dict(zip(self.names, inputs, strict=True))
        vector: Tensor = self.tower(named, self.vectors, named["history_items"], self.fold_in_basis)
        return vector


def check_size(examples: Examples, config: TrainingConfig) -> None:
    """Raises ValueError where the user tower, with a vector for each item index, would be larger than a file may be."""
    codes = len(examples.items_by_index)
    if codes * config.dim * 4 > LARGEST:
        raise ValueError(
            f"feature_vocabulary: {codes - 1:,} items have an index of their own, and vectors of {config.dim} numbers "
            f"for so many do not fit into one ONNX file; raise two_tower_min_item_interactions or lower two_tower_dim"
        )


class Exporter:
    """Writes ONNX files. Graphs that differ in numbers alone are traced once, which takes most of an export's time."""

    def __init__(self) -> None:
        self._traced: dict[str, onnx.ModelProto] = {}

    def towers(
        self, embedder: Embedder, cutoff: int, folder: Path, prefix: str, metadata: dict[str, str]
    ) -> dict[str, Path]:
        """Write both towers as of a cutoff as {prefix}user_tower.onnx and {prefix}item_tower.onnx into the folder.

        metadata: goes into the metadata_props of both files.
        """
        embedder.towers.eval()
        examples, layout = embedder.examples, embedder.layout
        users = [column.name for column in examples.users.columns if layout.sequence] + list(HISTORY)
        items = [column.name for column in examples.item_columns]
        rows = np.arange(min(3, len(examples.users.cutoffs)))
        graphs: dict[str, tuple[nn.Module, list[str], dict[str, Array]]] = {
            "user": (UserGraph(embedder, cutoff, users), users, examples.user_batch(rows)),
            "item": (
                ItemGraph(embedder, cutoff, items),
                items,
                examples.item_batch(examples.serving_cutoff, rows % len(examples.catalogue)),
            ),
        }
        paths = {}
        for tower, (graph, names, batch) in graphs.items():
            arrays = examples.users.arrays if tower == "user" else examples.items.arrays | examples.behaviour.arrays
            lists = {name for name in names if isinstance(arrays.get(name), Ragged)}
            about = {**metadata, "tower": tower, "columns": json.dumps(names)}
            paths[tower] = folder / f"{prefix}{tower}_tower.onnx"
            self.write(tower, graph.eval(), names, tensors(batch), lists, paths[tower], about)
        return paths

    def write(
        self, kind: str, graph: nn.Module, names: list[str], batch: dict[str, Tensor], lists: set[str], path: Path,
        about: dict[str, str],
    ) -> None:  # fmt: skip
        """Write one graph; kind: what graphs that may share a trace have in common."""
        examples = tuple(_widened(batch[name], name in lists) for name in names)
        model = self._traced.get(kind)
        if model is not None:
            model = _with_numbers_of(model, graph)
        if model is None or not _agrees(model, graph, names, examples):
            model = _traced(graph, names, examples, lists)
            self._traced[kind] = model
        model = _copy(model)
        _rename(model.graph)
        for key, value in about.items():
            entry = model.metadata_props.add()
            entry.key, entry.value = key, value
        onnx.save(model, str(path))


def _traced(graph: nn.Module, names: list[str], examples: tuple[Tensor, ...], lists: set[str]) -> onnx.ModelProto:
    # example sizes of 2 and more, or the exporter takes them for constants
    rows = torch.export.Dim("rows")
    history = torch.export.Dim("history")
    shapes = []
    for name in names:
        shape = {0: rows}
        if name in lists:
            shape[1] = history if name in HISTORY else torch.export.Dim(f"{name}_length")
        shapes.append(shape)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            graph, examples, input_names=[INPUT + name for name in names], output_names=["vector"],
            dynamic_shapes=(tuple(shapes),), dynamo=True, verbose=False, optimize=False,
        )  # fmt: skip
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    # torch takes a size for a constant without a word where the graph asks for it as a number, as len() does
    fixed = [entry.name for entry in model.graph.input if entry.type.tensor_type.shape.dim[0].dim_value]
    assert not fixed, f"the number of rows is a constant in {fixed}"
    return model


def _with_numbers_of(model: onnx.ModelProto, graph: nn.Module) -> onnx.ModelProto | None:
    """The model with a graph's parameters and buffers as its initializers; None where it has none of them."""
    model = _copy(model)
    state = graph.state_dict()
    found = 0
    for entry in model.graph.initializer:
        if entry.name in state:
            entry.CopyFrom(onnx.numpy_helper.from_array(state[entry.name].detach().numpy(), entry.name))
            found += 1
    return model if found else None


def _agrees(model: onnx.ModelProto, graph: nn.Module, names: list[str], examples: tuple[Tensor, ...]) -> bool:
    """Whether the model gives what the graph gives."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        inputs = {entry.name for entry in session.get_inputs()}
        feed = {INPUT + name: values.numpy() for name, values in zip(names, examples, strict=True)}
        found = session.run(None, {name: values for name, values in feed.items() if name in inputs})[0]
    except Exception:  # what onnxruntime raises has no class in common; numbers of another layout do not fit the nodes
        return False
    with torch.inference_mode():
        expected = graph(*examples).numpy()
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-4, atol=1e-5)


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copied = onnx.ModelProto()
    copied.CopyFrom(model)
    return copied


def _widened(values: Tensor, is_list: bool) -> Tensor:
    values = values.repeat(-(-2 // len(values)), *[1] * (values.dim() - 1))
    if is_list and values.shape[1] < 2:
        values = torch.cat([values, torch.zeros_like(values)], 1)
    return values


def _rename(graph: onnx.GraphProto) -> None:
    """Inputs get the names of their columns, everything inside a name with a dot, which no column has."""
    for node in graph.node:
        node.input[:] = [_renamed(name) for name in node.input]
        node.output[:] = [_renamed(name) for name in node.output]
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                _rename(inner)
    for entry in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        entry.name = _renamed(entry.name)


def _renamed(name: str) -> str:
    if name in ("", "vector"):
        return name
    return name.removeprefix(INPUT) if name.startswith(INPUT) else f"inner.{name}"
