"""SQL function `embed_text(folder, text)`: a text through the encoder in a folder, FLOAT[]; NULL for a blank one.

    select cast(embed_text('encoders/minilm', title) as float[384]) from products

A model that calls it encodes everything in each run; the materialization `embeddings` only what is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .folders import Encoder, Vectors, encoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    import tokenizers

BATCH_TOKENS = 2**12  # rows x longest text of one model call


def embed_text(folders: pa.ChunkedArray, texts: pa.ChunkedArray) -> pa.Array:
    """Embeddings in row order. Raises ValueError naming a folder that is no encoder of texts."""
    return encoded(folders, texts, "text", encode_texts)


def encode_texts(encoder: Encoder, texts: list[str]) -> list[Vectors | None]:
    """One vector [n] per text, None for a blank one."""
    assert encoder.tokenizer is not None
    places = np.flatnonzero([bool(text.strip()) for text in texts])
    tokens = encoder.tokenizer.encode_batch_fast([texts[place] for place in places])
    rows: list[Vectors | None] = [None] * len(texts)
    for batch in batches([len(encoding) for encoding in tokens]):
        inputs = as_inputs([tokens[number] for number in batch])
        output = encoder.run({name: inputs[name] for name in encoder.inputs})
        if output.ndim == 3:
            output = pooled(output, inputs["attention_mask"], encoder.settings["pooling"])
        for number, vector in zip(batch, encoder.finished(output), strict=True):
            rows[places[number]] = vector
    return rows


def batches(lengths: list[int]) -> Iterator[npt.NDArray[np.int64]]:
    """Numbers of texts of like length, longest first, so that little is padded; none of those without a token."""
    order = np.argsort(lengths)[::-1][: np.count_nonzero(lengths)]
    start = 0
    while start < len(order):
        stop = start + max(1, BATCH_TOKENS // lengths[order[start]])
        yield order[start:stop]
        start = stop


def as_inputs(tokens: list[tokenizers.Encoding]) -> dict[str, npt.NDArray[Any]]:
    """Every input that a sentence encoder may read: [B, longest]."""
    ids = np.zeros((len(tokens), max(len(encoding) for encoding in tokens)), np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(tokens):
        ids[row, : len(encoding)] = encoding.ids
        mask[row, : len(encoding)] = 1
    return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def pooled(states: Vectors, mask: npt.NDArray[np.int64], pooling: str) -> Vectors:
    """From one vector per token [B, L, n] to one per text [B, n]."""
    if pooling == "cls":
        return states[:, 0]
    weights = mask.astype(np.float32)
    vectors: Vectors = np.einsum("bln,bl->bn", states, weights / weights.sum(1, keepdims=True))
    return vectors
