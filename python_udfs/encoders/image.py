"""SQL functions on pictures, given as BLOB or as the path of a file: JPEG, PNG or WebP.

    embed_image(folder, picture)   FLOAT[] of the encoder in a folder, NULL where there is no whole picture
    picture_problem(picture)       why there is none, NULL included; NULL where there is one
    picture_version(path)          changes when the file does

A picture is never worth a crash: what Pillow cannot read, or what would fill the memory, is a problem with a name.
"""

from __future__ import annotations

import io
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
BATCH = 16  # pictures of one model call


class UnreadableError(Exception):
    """Why there is no picture."""


def embed_image(folders: pa.ChunkedArray, pictures: pa.ChunkedArray) -> pa.Array:
    """Embeddings in row order. Raises ValueError naming a folder that is no encoder of pictures."""
    return encoded(folders, pictures, "image", encode_pictures)


def encode_pictures(encoder: Encoder, pictures: list[bytes | str]) -> list[Vectors | None]:
    """One vector [n] per picture, None where it cannot be read."""
    rows: list[Vectors | None] = [None] * len(pictures)
    with ThreadPoolExecutor() as pool:  # Pillow decodes and resizes without the interpreter's lock
        for start in range(0, len(pictures), BATCH):
            arrays = list(pool.map(partial(as_array, encoder), pictures[start : start + BATCH]))
            places = [start + number for number, array in enumerate(arrays) if array is not None]
            if places:
                output = encoder.run({encoder.inputs[0]: np.stack([array for array in arrays if array is not None])})
                output = output.mean((2, 3)) if output.ndim == 4 else output
                for place, vector in zip(places, encoder.finished(output), strict=True):
                    rows[place] = vector
    return rows


def as_array(encoder: Encoder, picture: bytes | str) -> Vectors | None:
    """A picture as the encoder wants it [3, size, size]; None where it cannot be read."""
    settings = encoder.settings
    size = settings["size"]
    try:
        image = read(picture, least=size)
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


def read(picture: bytes | str, least: int = 1) -> Image.Image:
    """The picture in RGB, upright, on white; a JPEG may come smaller, but not below `least` pixels a side.

    Raises UnreadableError with the reason.
    """
    try:
        data = picture if isinstance(picture, bytes) else file_content(picture)
        if not data:
            raise UnreadableError("empty")
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise UnreadableError(f"too large: {image.width} x {image.height} pixels, at most {MOST_PIXELS}")
            image.draft("RGB", (2 * least, 2 * least))
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode != "RGB":
                upright = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("RGB")
            return upright
    except UnreadableError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableError(f"too large: at most {MOST_PIXELS} pixels") from None
    except UnidentifiedImageError:
        raise UnreadableError(f"not one of {', '.join(FORMATS)}") from None
    except Exception as error:  # broken files make Pillow raise whatever its decoders do
        raise UnreadableError(f"broken: {error or type(error).__name__}") from None


def file_content(path: str) -> bytes:
    """Content of a file. Raises UnreadableError when it is not there or too large."""
    try:
        if not Path(path).is_file():
            raise UnreadableError("no such file")
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UnreadableError(f"cannot be opened: {error}") from None
    if len(data) > MOST_BYTES:
        raise UnreadableError(f"too large: more than {MOST_BYTES} bytes")
    return data


def picture_problem(pictures: pa.ChunkedArray) -> pa.Array:
    """Why each picture cannot be read, NULL where it can."""
    return pa.array([_problem(picture) for picture in pictures.to_pylist()], pa.string())


def _problem(picture: bytes | str | None) -> str | None:
    if picture is None:
        return "no picture"
    try:
        read(picture)
    except UnreadableError as error:
        return str(error)
    return None


def picture_version(paths: pa.ChunkedArray) -> pa.Array:
    """Time and size of each file as text, 'missing' where there is none."""
    return pa.array([_version(path) for path in paths.to_pylist()], pa.string())


def _version(path: str) -> str:
    try:
        stat = Path(path).stat()
    except (OSError, ValueError):
        return "missing"
    return f"{stat.st_mtime_ns} {stat.st_size}"
