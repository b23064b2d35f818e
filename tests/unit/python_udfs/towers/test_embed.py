from __future__ import annotations

import hashlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from two_tower.python_udfs.plugin import register
from two_tower.python_udfs.towers import embed as embed_module
from two_tower.python_udfs.towers.onnx_files import KEPT, ModelFiles

if TYPE_CHECKING:
    from collections.abc import Callable

FLOAT, INT = TensorProto.FLOAT, TensorProto.INT64


def save(
    path: Path,
    inputs: dict[str, Any],
    nodes: list[onnx.NodeProto],
    tower: str = "user",
    constants: dict[str, Any] | None = None,
) -> str:
    """An ONNX file with output 'out' [batch, any]; inputs: name -> (type, shape)."""
    graph = helper.make_graph(
        nodes,
        "tower",
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in inputs.items()],
        [helper.make_tensor_value_info("out", FLOAT, ["batch", "any"])],
        [onnx.numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in {"tower": tower, "run_id": "run7"}.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, path)
    return str(path)


def as_float(name: str, out: str) -> onnx.NodeProto:
    return helper.make_node("Cast", [name], [out], to=FLOAT)


def numbers_model(path: Path, factor: float = 1.0, tower: str = "user") -> str:
    """out = [code, price x factor]; inputs in another order than the columns of the tests."""
    nodes = [
        as_float("code", "c"),
        helper.make_node("Unsqueeze", ["c", "one"], ["c2"]),
        helper.make_node("Mul", ["price", "factor"], ["p"]),
        helper.make_node("Concat", ["c2", "p"], ["out"], axis=1),
    ]
    constants = {"one": np.array([1]), "factor": np.float32(factor)}
    return save(
        path,
        {"price": (FLOAT, ["batch", 1]), "code": (INT, ["batch"])},
        nodes,
        constants=constants,
        tower=tower,
    )


def lists_model(path: Path) -> str:
    """out = sum of items, sum of days, width of items, width of days."""
    nodes = [as_float("items", "i")]
    for name in ("i", "days"):
        nodes += [
            helper.make_node("ReduceSum", [name, "axis"], [f"{name}_sum"], keepdims=1),
            helper.make_node("Mul", [name, "zero"], [f"{name}_zero"]),
            helper.make_node("Add", [f"{name}_zero", "unit"], [f"{name}_one"]),
            helper.make_node("ReduceSum", [f"{name}_one", "axis"], [f"{name}_width"], keepdims=1),
        ]
    nodes.append(helper.make_node("Concat", ["i_sum", "days_sum", "i_width", "days_width"], ["out"], axis=1))
    constants = {"axis": np.array([1]), "zero": np.float32(0), "unit": np.float32(1)}
    inputs = {"items": (INT, ["batch", "history"]), "days": (FLOAT, ["batch", "history"])}
    return save(path, inputs, nodes, constants=constants)


def vector_model(path: Path) -> str:
    return save(path, {"text": (FLOAT, ["batch", 3])}, [helper.make_node("Identity", ["text"], ["out"])])


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    register(connection)
    return connection


def embed(connection: duckdb.DuckDBPyConnection, path: str, rows: str, tower: str = "user") -> list[Any]:
    return [
        row[0] for row in connection.execute(f"select embed(?, t, '{tower}') from ({rows}) as t", [path]).fetchall()
    ]


def same(found: list[Any], expected: list[Any]) -> None:
    np.testing.assert_array_equal(np.array(found, float), np.array(expected, float))


def test_columns_bind_by_name_and_others_are_ignored(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    same(embed(connection, path, "select 'x' as id, 2 as CODE, 1.5 as price, 9 as more"), [[2, 1.5]])


def test_null_is_zero_for_codes_and_nan_for_numbers(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    same(embed(connection, path, "select null::int as code, null::double as price"), [[0, np.nan]])
    same(embed(connection, path, "select null as code, null as price"), [[0, np.nan]])


@pytest.mark.parametrize("code", ["hugeint", "tinyint", "boolean", "uinteger"])
@pytest.mark.parametrize("price", ["decimal(9,2)", "double", "float"])
def test_any_type_of_codes_and_numbers_is_read(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, code: str, price: str
) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    same(embed(connection, path, f"select 1::{code} as code, 1::{price} as price"), [[1, 1]])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("7.0::float as code, 1.5 as price", "'code' is float, and was a category when the model was trained"),
        ("7 as code, 1::bigint as price", "'price' is int64, and was a number when the model was trained"),
    ],
)
def test_a_column_whose_type_changed_since_training_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, row: str, said: str
) -> None:
    with pytest.raises(duckdb.Error, match=said):
        embed(connection, numbers_model(tmp_path / "m.onnx"), f"select {row}")


def test_lists_are_padded_together_and_null_is_empty(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = lists_model(tmp_path / "m.onnx")
    rows = """select * from (values
        (1, [1, 2, 3]::bigint[], [0.5, 0.5]::float[]),
        (2, null, null),
        (3, [], [7]::float[]),
        (4, [5, null], null)
    ) as v (id, items, days)"""
    same(embed(connection, path, rows), [[6, 1, 3, 3], [0, 0, 3, 3], [0, 7, 3, 3], [5, 0, 3, 3]])


def test_empty_lists_have_length_one(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = lists_model(tmp_path / "m.onnx")
    same(embed(connection, path, "select []::bigint[] as items, null::float[] as days"), [[0, 0, 1, 1]])
    same(embed(connection, path, "select null as items, null as days"), [[0, 0, 1, 1]])


def test_long_lists_are_run_in_smaller_batches_in_row_order(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lists_model(tmp_path / "m.onnx")
    monkeypatch.setattr(embed_module, "BATCH_CELLS", 64)
    rows = "select range as id, range(range % 41)::bigint[] as items, null::float[] as days from range(500)"
    found = embed(connection, path, rows)
    assert [row[0] for row in found] == [sum(range(i % 41)) for i in range(500)]
    assert max(row[2] for row in found) == 40
    assert sum(row[2] for row in found) < 40 * 500 * 0.55  # half is the least possible


def test_vectors(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = vector_model(tmp_path / "m.onnx")
    rows = "select unnest([[1, 2, 3], null, [4, null, 6]])::float[3] as text"
    same(embed(connection, path, rows), [[1, 2, 3], [np.nan] * 3, [4, np.nan, 6]])
    same(
        embed(connection, path, "select unnest([[1, 2, 3], null])::double[] as text"),
        [[1, 2, 3], [np.nan] * 3],
    )


def test_more_rows_than_a_chunk_and_several_threads(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    connection.execute("set threads = 4")
    path = numbers_model(tmp_path / "m.onnx")
    connection.execute("create table big as select range as code, range * 2.0 as price from range(300000)")
    query = "select count(*) from big where embed(?, big) = [code::float, price::float]"
    assert connection.execute(query, [path]).fetchall() == [(300000,)]


def test_zero_rows(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    assert embed(connection, path, "select 1 as code, 2 as price where false") == []


def test_several_models_in_one_call(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    first, second = numbers_model(tmp_path / "a.onnx"), numbers_model(tmp_path / "b.onnx", factor=-1.0)
    rows = "select range as code, range::float as price from range(6)"
    query = f"select embed(if(t.code % 2 = 0, ?, ?), t) from ({rows}) as t"
    found = [row[0] for row in connection.execute(query, [first, second]).fetchall()]
    same(found, [[i, i if i % 2 == 0 else -i] for i in range(6)])


def test_a_changed_file_is_read_again(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    rows = "select 1 as code, 1.0 as price"
    same(embed(connection, path, rows), [[1, 1]])
    other = numbers_model(tmp_path / "other.onnx", factor=3.0)
    os.utime(other, ns=(1, 1))
    Path(other).replace(path)
    same(embed(connection, path, rows), [[1, 3]])


def test_open_files_are_bounded_and_shared_between_threads(tmp_path: Path) -> None:
    files = ModelFiles()
    paths = [numbers_model(tmp_path / f"{i}.onnx") for i in range(KEPT + 3)]
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(files.open, [paths[0]] * 20))
    assert len({id(model) for model in opened}) == 1
    for path in paths:
        files.open(path)
    assert len(files._models) == KEPT


def fails(connection: duckdb.DuckDBPyConnection, path: str, rows: str, *words: str, tower: str = "user") -> None:
    with pytest.raises(duckdb.Error) as caught:
        embed(connection, path, rows, tower)
    for word in words:
        assert word in str(caught.value)


def test_missing_column_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    fails(
        connection,
        path,
        "select 1.0 as price, 2 as other",
        "'code'",
        path,
        "run7",
        "price, other",
        "training_runs",
    )


def test_swapped_tower_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx", tower="item")
    fails(
        connection,
        path,
        "select 1 as code, 1.0 as price",
        path,
        "item tower",
        "not the user tower",
        "training_runs",
    )


@pytest.mark.parametrize(
    ("run_id", "changed", "problem"),
    [("run7", False, None), ("run8", False, "not of run run8"), ("run7", True, "sha256")],
)
def test_a_file_that_is_not_the_registrys_is_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, run_id: str, changed: bool, problem: str | None
) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    if changed:
        numbers_model(tmp_path / "m.onnx", factor=2.0)  # says the same of itself
    query = "select embed(?, t, 'user', ?, ?) from (select 1 as code, 1.0 as price from range(3)) as t"
    if problem is None:
        assert connection.execute(query, [path, run_id, digest]).fetchall() == [([1.0, 1.0],)] * 3
    else:
        with pytest.raises(duckdb.Error, match=problem):
            connection.execute(query, [path, run_id, digest])


def test_a_tower_that_is_served_gives_numbers(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    rows = "(values (1, 1.0), (2, null), (3, 'inf'::double)) as t(code, price)"
    with pytest.raises(duckdb.Error, match=r"run7\) gives NaN or infinity for 2 of 3 rows; put the folder"):
        connection.execute(f"select embed(?, t, 'user', 'run7', ?) from {rows}", [path, digest])


def test_missing_file_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = str(tmp_path / "none.onnx")
    fails(connection, path, "select 1 as code, 1.0 as price", path, "No such file", "training_runs")
    fails(connection, str(tmp_path), "select 1 as code, 1.0 as price", str(tmp_path), "training_runs")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_truncated_file_is_named(connection: duckdb.DuckDBPyConnection, tmp_path: Path, share: float) -> None:
    whole = numbers_model(tmp_path / "m.onnx")
    path = tmp_path / "cut.onnx"
    shutil.copy(whole, path)
    os.truncate(path, int(path.stat().st_size * share))
    fails(
        connection,
        str(path),
        "select 1 as code, 1.0 as price",
        str(path),
        "not a whole ONNX file",
        "training_runs",
    )


@pytest.mark.parametrize(
    ("model", "rows", "words"),
    [
        (numbers_model, "select 'a' as code, 1.0 as price", ["'code'", "string", "int64"]),
        (numbers_model, "select 1.5 as code, 1.0 as price", ["'code'", "int64"]),
        (numbers_model, "select 1 as code, now() as price", ["'price'", "timestamp"]),
        (numbers_model, "select [1] as code, 1.0 as price", ["'code'", "list"]),
        (lists_model, "select 1 as items, [1.0]::float[] as days", ["'items'", "list of int64"]),
        (lists_model, "select ['a'] as items, [1.0]::float[] as days", ["'items'", "string"]),
        (vector_model, "select [1, 2]::float[2] as text", ["'text'", "2 numbers", "reads 3"]),
        (vector_model, "select 1 as text", ["'text'", "list"]),
    ],
)
def test_wrong_types_are_named(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    model: Callable[[Path], str],
    rows: str,
    words: list[str],
) -> None:
    fails(connection, model(tmp_path / "m.onnx"), rows, *words)


def test_row_must_be_a_struct(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    with pytest.raises(duckdb.Error, match="alias of a table"):
        connection.execute("select embed(?, 1)", [path]).fetchall()


def test_wrong_dimension_fails_in_the_cast(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    path = numbers_model(tmp_path / "m.onnx")
    with pytest.raises(duckdb.Error):
        connection.execute("select embed(?, t)::float[3] from (select 1 as code, 1.0 as price) as t", [path]).fetchall()
