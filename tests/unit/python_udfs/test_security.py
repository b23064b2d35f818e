"""What a shop's data say is never a file, a program or a command."""

from __future__ import annotations

import io
from pathlib import Path

import duckdb
import pytest
from helpers.small_encoders import write_image_encoder
from onnx import TensorProto, helper
from PIL import Image
from two_tower.python_udfs.encoders import image
from two_tower.python_udfs.encoders.folders import FOLDERS
from two_tower.python_udfs.plugin import register
from two_tower.python_udfs.towers.onnx_files import load

OUTSIDE = "outside of the folder of pictures (var two_tower_pictures_root)"


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def png(size: tuple[int, int], mode: str = "RGB") -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG", optimize=True)
    return file.getvalue()


def told(connection: duckdb.DuckDBPyConnection, encoder: Path, path: str, root: str) -> tuple[bool, str | None, str]:
    """Whether a picture is read, its problem and its version."""
    query = "select embed_image($1, $2, $3) is not null, picture_problem($2, $3), picture_version($2, $3)"
    (row,) = connection.execute(query, [str(encoder), path, root]).fetchall()
    return row


def test_paths_are_confined_to_the_folder_of_pictures(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    encoder = write_image_encoder(tmp_path / "encoder")
    root = tmp_path / "pictures"
    (root / "shelf").mkdir(parents=True)
    (root / "shelf" / "a.png").write_bytes(png((40, 40)))
    (tmp_path / "secret.png").write_bytes(png((40, 40)))
    (tmp_path / "pictures-of-others").mkdir()
    (tmp_path / "pictures-of-others" / "b.png").write_bytes(png((40, 40)))
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    for path in ("shelf/a.png", "shelf/../shelf/a.png", str(root / "shelf" / "a.png")):
        read, problem, version = told(connection, encoder, path, str(root))
        assert (read, problem) == (True, None), path
        assert version != "missing"
    outside = [
        "../secret.png", str(tmp_path / "secret.png"), "link.png", "../pictures-of-others/b.png", "/etc/passwd",
        "../../../../../../etc/passwd", "/no/such/file", "../no-such-file",
    ]  # fmt: skip
    for path in outside:  # whether it exists is not told
        assert told(connection, encoder, path, str(root)) == (False, OUTSIDE, "missing"), path
    for path in ("http://example.com/a.png", "s3://bucket/a.png", "file:///etc/passwd"):
        assert told(connection, encoder, path, str(root)) == (False, "no such file", "missing"), path
    assert told(connection, encoder, "a\0b", str(root))[0] is False
    assert told(connection, encoder, str(tmp_path / "secret.png"), "")[:2] == (True, None)


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA"])
def test_a_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    def decoded(_: Image.Image) -> None:
        raise AssertionError("it was decoded")

    monkeypatch.setattr(image, "upright", decoded)
    bomb = png((4000, 4000), mode)
    with pytest.raises(image.UnreadableError, match="too large: 4000 x 4000 pixels of"):
        image.read(bomb)


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "LARGE_PIXELS", 100)
    assert image.read(png((8, 8))).size == (8, 8)
    held = image.ONE_LARGE_AT_A_TIME
    monkeypatch.setattr(
        image, "upright", lambda picture: picture.copy() if held.locked() else pytest.fail("two at once")
    )
    assert image.read(png((20, 20))).size == (20, 20)
    assert not held.locked()


def model_with_weights_at(location: str, file: Path) -> Path:
    """An ONNX file whose one weight lies in another file."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value=location)
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Mul", ["x", "w"], ["y"])], "g", shapes[:1], shapes[1:], [weight])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
    return file


@pytest.mark.parametrize(
    "location", ["../weights.bin", "{root}/weights.bin", "../" * 30 + "etc/passwd", "a/../../weights.bin"]
)
def test_weights_outside_of_a_models_folder_are_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "weights.bin").write_bytes(b"\0\0\x80?")
    location = location.format(root=tmp_path)
    file = model_with_weights_at(location, tmp_path / "run" / "model.onnx")
    with pytest.raises(ValueError, match=r"reads weights from '.*', outside of its folder; put them beside it"):
        load(str(file))
    encoder = write_image_encoder(tmp_path / "encoder")
    model_with_weights_at(location, encoder / "model.onnx")
    with pytest.raises(ValueError, match=r"^encoder '.*encoder' reads weights from '.*', outside of its folder"):
        FOLDERS.open(str(encoder), "image")


def test_weights_beside_a_model_are_read(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"\0\0\x80?")
    assert [tensor.name for tensor in load(str(model_with_weights_at("weights.bin", tmp_path / "m.onnx"))).inputs] == [
        "x"
    ]
