"""Encoder folders that are made in a moment: real ONNX models and a real tokenizer, but no packages with weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

WORDS = ["[UNK]", "red", "green", "blue", "tea", "pot", "jam", "oil"]


def write_text_encoder(folder: Path, dimension: int = 4) -> Path:
    """Each word has a vector, a text the mean of its words' vectors."""
    folder.mkdir(parents=True)
    table = np.random.default_rng(0).normal(size=(len(WORDS), dimension)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["states"])],
        "words",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["rows", "length"])],
        [helper.make_tensor_value_info("states", TensorProto.FLOAT, ["rows", "length", dimension])],
        [numpy_helper.from_array(table, "table")],
    )
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return _write(
        folder, graph, {"reads": "text", "output": "states", "max_length": 16, "pooling": "mean", "normalise": True}
    )


def write_image_encoder(folder: Path, size: int = 32) -> Path:
    """The mean colours of the 16 fields of a picture and, as a texture, the spread within each: 96 numbers."""
    folder.mkdir(parents=True)
    field = {"kernel_shape": [size // 4] * 2, "strides": [size // 4] * 2}
    graph = helper.make_graph(
        [
            helper.make_node("AveragePool", ["pictures"], ["means"], **field),
            helper.make_node("MaxPool", ["pictures"], ["brightest"], **field),
            helper.make_node("Sub", ["brightest", "means"], ["spread"]),
            helper.make_node("Concat", ["means", "spread"], ["maps"], axis=1),
            helper.make_node("Flatten", ["maps"], ["features"]),
        ],
        "colours",
        [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["rows", 3, size, size])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 96])],
    )
    settings = {"reads": "image", "output": "features", "size": size, "mean": [0.5] * 3, "deviation": [0.5] * 3}
    return _write(folder, graph, settings)


def _write(folder: Path, graph: onnx.GraphProto, settings: dict[str, object]) -> Path:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(folder / "model.onnx"))
    (folder / "encoder.json").write_text(json.dumps(settings))
    return folder
