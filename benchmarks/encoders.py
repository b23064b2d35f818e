"""What embed_text costs beside onnxruntime alone on the same batches, and what a run with nothing new costs.

python benchmarks/encoders.py FOLDER [--texts 2000] [--unchanged 100000]

FOLDER: an encoder of texts, made by `two-tower export-encoder`.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import yaml
from dbt.cli.main import dbtRunner
from results import RESULTS, paired, write_table
from two_tower.python_udfs.encoders.folders import FOLDERS
from two_tower.python_udfs.encoders.text import as_inputs, batches
from two_tower.python_udfs.plugin import register

REPOSITORY = Path(__file__).resolve().parents[1]
CALL = 2048  # rows that DuckDB passes at once
WORDS = ["red", "green", "blue", "cotton", "steel", "organic", "small", "tea", "pot", "shoe", "jam", "lamp", "garden"]


def throughput(folder: str, count: int, rounds: int = 5) -> dict[str, Any]:
    """embed_text and onnxruntime in turn."""
    rng = np.random.default_rng(0)
    texts = [f"{' '.join(rng.choice(WORDS, rng.integers(3, 40)))} {n}" for n in range(count)]
    encoder = FOLDERS.open(folder, "text")
    assert encoder.tokenizer is not None
    fed = []
    for start in range(0, count, CALL):
        tokens = encoder.tokenizer.encode_batch_fast(texts[start : start + CALL])
        for batch in batches([len(encoding) for encoding in tokens]):
            inputs = as_inputs([tokens[number] for number in batch])
            fed.append({name: inputs[name] for name in encoder.inputs})
    connection = duckdb.connect()
    register(connection)
    connection.execute("create table texts as select unnest($1) as text", [texts])
    query = f"select count(embed_text('{folder}', text)) from texts"
    pair = paired(lambda: connection.execute(query).fetchall(), lambda: [encoder.run(inputs) for inputs in fed], rounds)
    return {"what": "embed_text, peer onnxruntime alone", "texts": count} | pair


def unchanged(folder: str, count: int) -> dict[str, Any]:
    """Two runs of a model of embeddings in a project of its own; the model's own time, without dbt's start."""
    plugins = [{"module": "two_tower.python_udfs.plugin"}]
    output = {"type": "duckdb", "path": "shop.duckdb", "plugins": plugins}
    inputs = {f"two_tower_{name}": "vectors" for name in ("interactions", "users", "items")}  # not built here
    files = {
        "dbt_project.yml": {"name": "shop", "profile": "shop", "vars": inputs},
        "packages.yml": {"packages": [{"local": str(REPOSITORY)}]},
        "profiles.yml": {"shop": {"target": "dev", "outputs": {"dev": output}}},
    }
    seconds = []
    with tempfile.TemporaryDirectory() as place, contextlib.chdir(place):
        for name, content in files.items():
            Path(name).write_text(yaml.safe_dump(content))
        Path("models").mkdir()
        config = f"{{{{ config(materialized='embeddings', encoder='{folder}') }}}}"
        Path("models/vectors.sql").write_text(
            f"{config} select range as id, 'tea ' || range as content from range({count})"
        )
        for name in ("deps", "first run", "second run"):
            command = ["deps"] if name == "deps" else ["run", "--select", "vectors"]
            done = dbtRunner().invoke([*command, "--quiet", "--no-send-anonymous-usage-stats"])
            assert done.success, done
            if name != "deps":
                seconds.append(done.result.results[-1].execution_time)
    first, second = seconds
    row = {"seconds": second, "peer_seconds": first, "ratio": second / first}
    return {"what": "a run with nothing new, peer the first run", "texts": count} | row | {"ratio_of_cpu": ""}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=int, default=2000)
    parser.add_argument("--unchanged", type=int, default=100_000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    folder, out = str(given.folder.absolute()), given.out.absolute()
    rows = [throughput(folder, given.texts), unchanged(folder, given.unchanged)]
    write_table("encoders", "Encoders of texts in SQL", rows, folder=out)
