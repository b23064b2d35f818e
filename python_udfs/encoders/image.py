"""SQL functions on pictures, given as BLOB or as the path of a file: JPEG, PNG or WebP.

    embed_image(folder, picture [, root])   FLOAT[] of the encoder in a folder, NULL where there is no whole picture
    picture_problem(picture [, root])       why there is none, NULL included; NULL where there is one
    picture_version(path [, root])          changes when the file does

A picture is never worth a crash: what Pillow cannot read, or what would fill the memory, is a problem with a name.
Where a folder `root` is given, paths are relative to it, and of what lies outside of it nothing is read or told.
"""

from __future__ import annotations

import contextlib
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from PIL import Image, ImageOps, UnidentifiedImageError

from .folders import Encoder, Vectors, encoded

FORMATS = ("JPEG", "PNG", "WEBP")
MOST_PIXELS = 50_000_000  # 200 MB when decoded
MOST_BYTES = 100_000_000
LARGE_PIXELS = 10_000_000  # pictures of more are decoded one at a time, and not at all where they would grow
MOST_GROWTH = 600  # more times than this: only what is made to fill the memory does
ONE_LARGE_AT_A_TIME = threading.Lock()
BATCH = 16  # pictures of one model call


class UnreadableError(Exception):
    """Why there is no picture."""


def embed_image(folders: pa.ChunkedArray, pictures: pa.ChunkedArray, roots: pa.ChunkedArray | None = None) -> pa.Array:
    """Embeddings in row order. Raises ValueError naming a folder that is no encoder of pictures."""
    return encoded(folders, pictures, "image", partial(encode_pictures, root=only_root(roots)))


def only_root(roots: pa.ChunkedArray | None) -> str:
    """The one folder of a statement, '' = none. Raises ValueError when it is not the same in all rows."""
    names = set(roots.to_pylist() if roots is not None else [""])
    if len(names) > 1 or None in names:
        raise ValueError(f"embed_image: root is {sorted(map(str, names))}; give one folder, or '' for none")
    return str(names.pop()) if names else ""


def encode_pictures(encoder: Encoder, pictures: list[bytes | str], root: str = "") -> list[Vectors | None]:
    """One vector [n] per picture, None where it cannot be read."""
    rows: list[Vectors | None] = [None] * len(pictures)
    with ThreadPoolExecutor() as pool:  # Pillow decodes and resizes without the interpreter's lock
        for start in range(0, len(pictures), BATCH):
            arrays = list(pool.map(partial(as_array, encoder, root=root), pictures[start : start + BATCH]))
            places = [start + number for number, array in enumerate(arrays) if array is not None]
            if places:
                output = encoder.run({encoder.inputs[0]: np.stack([array for array in arrays if array is not None])})
                output = output.mean((2, 3)) if output.ndim == 4 else output
                for place, vector in zip(places, encoder.finished(output), strict=True):
                    rows[place] = vector
    return rows


def as_array(encoder: Encoder, picture: bytes | str, root: str = "") -> Vectors | None:
    """A picture as the encoder wants it [3, size, size]; None where it cannot be read."""
    settings = encoder.settings
    size = settings["size"]
    try:
        image = read(picture, least=size, root=root)
    except UnreadableError:
        return None
    resample = Image.Resampling[settings.get("resample", "bicubic").upper()]
    longer = round(size / settings.get("crop", 1.0))
    # one step: the kept square of the picture becomes size x size
    kept = min(image.size) * size / longer
    left, top = (image.width - kept) / 2, (image.height - kept) / 2
    image = image.resize((size, size), resample, box=(left, top, left + kept, top + kept))
    values = np.asarray(image, np.float32) / 255
    values = (values - np.asarray(settings["mean"], np.float32)) / np.asarray(settings["deviation"], np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def read(picture: bytes | str, least: int = 1, root: str = "") -> Image.Image:
    """The picture in RGB, upright, on white; a JPEG may come smaller, but not below `least` pixels a side.

    Raises UnreadableError with the reason.
    """
    try:
        data = picture if isinstance(picture, bytes) else file_content(picture, root)
        if not data:
            raise UnreadableError("empty")
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            pixels = image.width * image.height
            if pixels > MOST_PIXELS:
                raise UnreadableError(f"too large: {image.width} x {image.height} pixels, at most {MOST_PIXELS}")
            grown = pixels * len(image.getbands()) / (8 if image.mode == "1" else 1)
            if pixels > LARGE_PIXELS and grown > MOST_GROWTH * len(data):
                raise UnreadableError(f"too large: {image.width} x {image.height} pixels of {len(data)} bytes")
            image.draft("RGB", (2 * least, 2 * least))
            with ONE_LARGE_AT_A_TIME if image.width * image.height > LARGE_PIXELS else contextlib.nullcontext():
                return upright(image)
    except UnreadableError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableError(f"too large: at most {MOST_PIXELS} pixels") from None
    except UnidentifiedImageError:
        raise UnreadableError(f"not one of {', '.join(FORMATS)}") from None
    except Exception as error:  # broken files make Pillow raise whatever its decoders do
        raise UnreadableError(f"broken: {error or type(error).__name__}") from None


def upright(image: Image.Image) -> Image.Image:
    """An opened picture decoded, in RGB, upright, on white."""
    image.load()
    turned = ImageOps.exif_transpose(image)
    if turned.mode == "RGB":
        return turned
    turned = turned.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned).convert("RGB")


def confined(path: str, root: str) -> Path:
    """The file that a path means. Raises UnreadableError when it lies outside of the folder `root`, links followed."""
    if not root:
        return Path(path)
    try:
        folder = Path(root).resolve()
        file = (folder / path).resolve()
    except (OSError, ValueError, RuntimeError):
        raise UnreadableError("no path of a file") from None
    if not file.is_relative_to(folder):
        raise UnreadableError("outside of the folder of pictures (var two_tower_pictures_root)")
    return file


def file_content(path: str, root: str = "") -> bytes:
    """Content of a file. Raises UnreadableError when it is not there, outside of `root` or too large."""
    file = confined(path, root)
    try:
        if not file.is_file():
            raise UnreadableError("no such file")
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot be opened: {error}") from None
    if len(data) > MOST_BYTES:
        raise UnreadableError(f"too large: more than {MOST_BYTES} bytes")
    return data


def picture_problem(pictures: pa.ChunkedArray, roots: pa.ChunkedArray | None = None) -> pa.Array:
    """Why each picture cannot be read, NULL where it can."""
    root = only_root(roots)
    return pa.array([_problem(picture, root) for picture in pictures.to_pylist()], pa.string())


def _problem(picture: bytes | str | None, root: str) -> str | None:
    if picture is None:
        return "no picture"
    try:
        read(picture, root=root)
    except UnreadableError as error:
        return str(error)
    return None


def picture_version(paths: pa.ChunkedArray, roots: pa.ChunkedArray | None = None) -> pa.Array:
    """Time and size of each file as text, 'missing' where there is none, or none in `root`."""
    root = only_root(roots)
    return pa.array([_version(path, root) for path in paths.to_pylist()], pa.string())


def _version(path: str | None, root: str) -> str | None:
    if path is None:
        return None
    try:
        stat = confined(path, root).stat()
    except (OSError, ValueError, UnreadableError):
        return "missing"
    return f"{stat.st_mtime_ns} {stat.st_size}"
