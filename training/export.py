"""From fitted towers to ONNX files that need nothing but onnxruntime: inputs by column name, one output `vector`."""

from __future__ import annotations

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import HISTORY, Ragged
from .examples import Examples
from .factors import Factors
from .two_towers import ITEMS_AT_ONCE, TwoTowers, tensors

LARGEST = 2_000_000_000  # bytes: a file of protobuf ends at 2 GiB
INPUT = "column."  # marks the inputs until _rename: a column may be called like a value of torch's, say select or add


class ItemGraph(nn.Module):
    """Item tower with positional inputs, as the exporter wants them, and the served factors as constants."""

    items: Tensor
    values: Tensor

    def __init__(self, towers: TwoTowers, names: list[str]):
        super().__init__()
        self.tower, self.names = towers.item, names
        factors = towers.factors(towers.examples.serve)
        self.register_buffer("items", factors.items)
        self.register_buffer("values", factors.values)

    def forward(self, *inputs: Tensor) -> Tensor:
        """Embeddings [B, D]."""
        factors = Factors(self.items, self.items, self.values, self.values)  # an item needs no history and no turn
        vector: Tensor = self.tower(dict(zip(self.names, inputs, strict=True)), factors)
        return vector


class UserGraph(nn.Module):
    """User tower with positional inputs and the history vectors of all items as a constant [C, R - 1 + F + H]."""

    vectors: Tensor
    turn: Tensor

    def __init__(self, towers: TwoTowers, names: list[str]):
        super().__init__()
        self.tower, self.names = towers.user, names
        self.register_buffer("turn", towers.factors(towers.examples.serve).turn)
        with torch.inference_mode():
            codes = torch.arange(len(towers.examples.code_items))
            pieces = codes.split(ITEMS_AT_ONCE)
            vectors = torch.cat([towers.history_vectors(piece, towers.examples.serve) for piece in pieces])
        self.register_buffer("vectors", vectors.clone())

    def forward(self, *inputs: Tensor) -> Tensor:
        """Embeddings [B, D]."""
        named = dict(zip(self.names, inputs, strict=True))
        vector: Tensor = self.tower(named, self.vectors, named["history_items"], self.turn)
        return vector


def check_size(examples: Examples, config: TrainingConfig) -> None:
    """Raises ValueError where the user tower, with a vector for each item code, would be larger than a file may be."""
    codes = len(examples.code_items)
    if codes * config.dim * 4 > LARGEST:
        raise ValueError(
            f"feature_codes: {codes - 1:,} items have a code of their own, and vectors of {config.dim} numbers for so "
            f"many do not fit into one ONNX file; raise two_tower_min_item_interactions or lower two_tower_dim"
        )


def export_towers(towers: TwoTowers, folder: Path, metadata: dict[str, str]) -> dict[str, Path]:
    """Write user_tower.onnx and item_tower.onnx into the folder; `metadata` goes into both files' metadata_props."""
    towers.eval()
    examples = towers.examples
    users = [column.name for column in examples.users.columns] + list(HISTORY) + ["only_new"]
    items = [column.name for column in examples.item_columns]
    rows = np.arange(min(3, len(examples.users.snapshots)))
    batch = {**examples.user_batch(rows), "only_new": np.zeros(len(rows), np.float32)}
    graphs = {
        "user": (UserGraph(towers, users), users, batch),
        "item": (ItemGraph(towers, items), items, examples.item_batch(examples.serve, rows % len(examples.catalogue))),
    }
    paths = {}
    for tower, (graph, names, batch) in graphs.items():
        arrays = examples.users.arrays if tower == "user" else examples.items.arrays | examples.behaviour.arrays
        lists = {name for name in names if isinstance(arrays.get(name), Ragged)}
        path = folder / f"{tower}_tower.onnx"
        _export(graph.eval(), names, tensors(batch), lists, path)
        _describe(path, {**metadata, "tower": tower, "columns": json.dumps(names)})
        paths[tower] = path
    return paths


def _export(graph: nn.Module, names: list[str], batch: dict[str, Tensor], lists: set[str], path: Path) -> None:
    # example sizes of 2 and more, or the exporter takes them for constants
    examples = tuple(_widened(batch[name], name in lists) for name in names)
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
        torch.onnx.export(
            graph, examples, str(path), input_names=[INPUT + name for name in names], output_names=["vector"],
            dynamic_shapes=(tuple(shapes),), dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip


def _widened(values: Tensor, is_list: bool) -> Tensor:
    values = values.repeat(-(-2 // len(values)), *[1] * (values.dim() - 1))
    if is_list and values.shape[1] < 2:
        values = torch.cat([values, torch.zeros_like(values)], 1)
    return values


def _describe(path: Path, metadata: dict[str, str]) -> None:
    model = onnx.load(str(path))
    _rename(model.graph)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(path))


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
