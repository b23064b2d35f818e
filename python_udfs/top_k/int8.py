"""Dot products of vectors rounded to 8 bits, in a third of the time of those of floats, and how far off they can be.

With u_ and v_ for the rounded u and v, u.v = u_.v_ + (u - u_).v + u_.(v - v_), so by the inequality of Cauchy and
Schwarz |u.v - u_.v_| <= |u - u_| |v| + |u_| |v - v_|. Who searches with that much room loses nothing.
Of items that are alike only what tells them from their centre c is rounded: u.v = u.c + u.(v - c).
An item has in each dimension a multiple of 1/63 of the largest number that any item has there. What a user has is
multiplied by that step, and becomes a multiple of 1/127 of the user's largest. The sum of two products then stays
within 16 bits, in which processors add them that have no instruction for such dot products.
Shapes: n users, m items, d dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.int32]
Each = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]  # map, or that of a pool of threads

ITEM_STEPS, USER_STEPS = 63, 127
AT_ONCE = 2**17  # floats that are rounded at once, in the cache
ZERO = 64  # code of 0 of an item; codes of items have no sign, since the product wants one of both sides so
MOST = 2**30
SMALLEST = 1e-30  # a step; below, everything counts as 0
LARGEST = 1e30  # a score; products of larger numbers are not finite
ROUNDING = 2.0**-22  # of a float operation, twice over


@dataclass(frozen=True)
class Int8Items:
    """`codes` [m, d]; the `steps` of the dimensions [d]; the largest norm of an item and of what was rounded off.

    `widest` is the largest norm of an item and its centre together, which floats are off in proportion to.
    """

    codes: npt.NDArray[np.uint8]
    steps: Floats
    longest: float
    farthest: float
    widest: float

    def among(self, start: int, stop: int) -> Int8Items:
        """Items start to stop alone."""
        return replace(self, codes=self.codes[start:stop])


@dataclass(frozen=True)
class Int8Users:
    """`codes` [d, n]; what a point of a rounded score is worth [n]; the points of 0 less what scores may be off [n].

    `base` [n]: the scores of the items' centre, which are no part of rounded ones.
    """

    codes: npt.NDArray[np.int8]
    steps: npt.NDArray[np.float64]
    least: npt.NDArray[np.float64]
    base: Floats

    def rows(self, rows: Integers) -> Int8Users:
        """Some of the users."""
        codes = self.codes.take(rows, axis=1)
        return Int8Users(codes, self.steps[rows], self.least[rows], self.base[rows])

    def bounds(self, scores: Floats) -> Scores:
        """Rounded scores [n] that no item misses whose score is at least scores [n]; NaN = any score."""
        reached = np.floor((scores - self.base) / self.steps + self.least)
        return np.minimum(np.fmax(reached, -MOST), MOST).astype(np.int32)


def round_items(vectors: Floats, each: Each, centres: Floats | None = None, of: Integers | None = None) -> Int8Items:
    """Items from their vectors [m, d]; those that are not finite count as 0.

    centres [l, d], and of [m], which of them each item has: what is left out. Default: nothing is.
    """
    m, d = vectors.shape
    size = max(AT_ONCE // d, 1)
    parts = range(0, m, size)

    def part(a: int) -> Floats:
        own = finite(vectors[a : a + size])
        return own if centres is None or of is None else own - centres.take(of[a : a + size], axis=0)

    largest = np.max(list(each(lambda a: np.abs(part(a)).max(0), parts)), axis=0)
    steps = np.where(largest > SMALLEST * ITEM_STEPS, largest / ITEM_STEPS, 1).astype(np.float32)
    codes = np.empty((m, d), np.uint8)

    def encode(a: int) -> tuple[float, float]:
        scaled = part(a) / steps
        rounded = np.rint(scaled)
        np.add(rounded, ZERO, out=codes[a : a + size], casting="unsafe")
        return norms(scaled).max(), norms(scaled - rounded).max()

    longest, farthest = np.max(list(each(encode, parts)), axis=0)
    widest = longest if centres is None else longest + 2 * norms(centres / steps).max()
    return Int8Items(codes, steps, longest, farthest, widest)


def round_users(vectors: Floats, items: Int8Items) -> Int8Users | None:
    """Users from their vectors [n, d], not finite ones as 0; None where scores may be too large for floats."""
    with np.errstate(over="ignore"):
        scaled = finite(vectors) * items.steps
    largest = np.abs(scaled).max(1)
    if not (largest * items.widest * vectors.shape[1] < LARGEST).all():
        return None
    steps = np.where(largest > SMALLEST * USER_STEPS, largest / USER_STEPS, 1).astype(np.float32)
    scaled /= steps[:, None]
    rounded = np.rint(scaled)
    off = norms(scaled - rounded) * items.longest + norms(rounded) * items.farthest
    off += (vectors.shape[1] + 8) * ROUNDING * norms(scaled) * items.widest + 1
    codes = np.ascontiguousarray(rounded.T.astype(np.int8))
    base = np.zeros(len(vectors), np.float32)
    return Int8Users(codes, steps.astype(np.float64), ZERO * codes.sum(0, np.int64) - off, base)


def finite(vectors: Floats) -> Floats:
    """Vectors [n, d], 0 in the place of those that are not finite."""
    known = np.isfinite(vectors).all(axis=1, keepdims=True)
    return vectors if known.all() else np.where(known, vectors, np.float32(0))


def norms(vectors: Floats) -> npt.NDArray[np.float64]:
    """Lengths of vectors [n, d]: [n]."""
    squares: npt.NDArray[np.float64] = np.einsum("nd,nd->n", vectors, vectors).astype(np.float64)
    return np.sqrt(squares)


def multiply(items: npt.NDArray[np.uint8], users: npt.NDArray[np.int8], scores: Scores) -> None:
    """Write the product [m, n] of codes [m, d] and [d, n]."""
    session = product()
    binding = session.io_binding()
    binding.bind_cpu_input("items", items)
    binding.bind_cpu_input("users", users)
    binding.bind_output("scores", "cpu", 0, np.int32, scores.shape, scores.ctypes.data)
    session.run_with_iobinding(binding)


@cache
def product() -> onnxruntime.InferenceSession:
    """ONNX's MatMulInteger, on the calling thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(product_model(), options, providers=["CPUExecutionProvider"])


def product_model() -> bytes:
    """ONNX's `scores = MatMulInteger(items, users)`, in the few fields of its protocol buffers that this takes."""

    def field(number: int, content: bytes | str | int) -> bytes:
        if isinstance(content, int):
            return bytes([number << 3, content])
        payload = content.encode() if isinstance(content, str) else content
        size = len(payload)
        return bytes([number << 3 | 2, *([size] if size < 128 else [size & 127 | 128, size >> 7])]) + payload

    def tensor(number: int, name: str, kind: int, *sides: str) -> bytes:
        shape = b"".join(field(1, field(2, side)) for side in sides)
        return field(number, field(1, name) + field(2, field(1, field(1, kind) + field(2, shape))))

    uint8, int8, int32 = 2, 3, 6
    node = field(1, "items") + field(1, "users") + field(2, "scores") + field(4, "MatMulInteger")
    given = tensor(11, "items", uint8, "m", "d") + tensor(11, "users", int8, "d", "n")
    graph = field(1, node) + field(2, "product") + given + tensor(12, "scores", int32, "m", "n")
    ir_version, opset = field(1, 8), field(8, field(2, 17))
    return ir_version + field(7, graph) + opset
