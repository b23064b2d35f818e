"""Approximate top-K in SQL against exact top-K in SQL, and against FAISS's approximate indexes on the same arrays.

    python benchmarks/approximate.py                                    the sizes of CASES, to results/approximate.md
    python benchmarks/approximate.py --cases 20000,200000,64,ivf,hnsw    one, with FAISS

The embeddings are like a shop's: clusters of items in groups of clusters, lengths that differ, users at the mean of
eight items of three clusters. FAISS's seconds are those of building and searching, with the least effort that finds
.99 of the exact lists of 500 users. Recall is that of all users' lists against the exact ones.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from results import RESULTS, measured, write_table
from top_k import THREADS, Floats, K, connect, exclude, table, top_k_sql

CASES = [(20_000, 200_000, 64, ("ivf", "pq", "hnsw")), (100_000, 1_000_000, 64, ())]
EXCLUDED = 10
AGREEMENT = """
    select count(lists.item_id) / count(*) from exact
    left join lists on exact.user_id = lists.user_id and exact.item_id = lists.item_id
"""


def shop(users: int, items: int, dim: int) -> tuple[Floats, Floats]:
    """Embeddings of both."""
    random = np.random.default_rng(0)

    def noise(*shape: int) -> Floats:
        return random.standard_normal(shape, np.float32) / np.float32(dim**0.5)

    clusters = items // 500
    centres = 0.6 * noise(clusters, dim) + 0.8 * noise(50, dim)[random.integers(0, 50, clusters)]
    cluster = np.sort(random.integers(0, clusters, items))
    lengths = np.exp(0.25 * random.standard_normal((items, 1), np.float32))
    offers = (centres[cluster] + 0.6 * noise(items, dim)) * lengths
    bounds = np.searchsorted(cluster, np.arange(clusters + 1))
    liked = random.integers(0, clusters, (users, 3))
    seekers = 0.2 * noise(users, dim)
    for _ in range(8):
        of = liked[np.arange(users), random.integers(0, 3, users)]
        place = bounds[of] + random.random(users) * (bounds[of + 1] - bounds[of])
        seekers += offers[np.minimum(place.astype(np.int64), items - 1)] / 8
    shuffled = random.permutation(items)
    return seekers, offers[shuffled]


def settings(index: Any, name: str) -> Iterator[None]:
    """Ever more effort."""
    import faiss

    for effort in (4, 8, 16, 32, 64, 128, 256):
        if name == "hnsw":
            index.hnsw.efSearch = 4 * effort
        elif name == "pq":
            faiss.ParameterSpace().set_index_parameters(index, f"nprobe={effort},k_factor_rf={max(effort, 16)}")
        else:
            index.nprobe = effort
        yield


def faiss_seconds(name: str, users: Floats, items: Floats) -> dict[str, Any]:
    """Of an index, with the least effort that finds .99 of the exact lists of some users."""
    import faiss

    faiss.omp_set_num_threads(THREADS)
    dim, lists = items.shape[1], int(items.shape[0] ** 0.5)
    kinds = {"ivf": f"IVF{lists},Flat", "pq": f"IVF{lists},PQ{dim // 2}x4fs,RFlat", "hnsw": "HNSW32,Flat"}
    index = faiss.index_factory(dim, kinds[name], faiss.METRIC_INNER_PRODUCT)

    def build() -> None:
        index.train(items)
        index.add(items)

    building = measured(build)
    sample = users[:: max(len(users) // 500, 1)]
    flat = faiss.IndexFlatIP(dim)
    flat.add(items)
    exact = flat.search(sample, K)[1]
    for _ in settings(index, name):
        found = index.search(sample, K)[1]
        recall = float((found[:, :, None] == exact[:, None, :]).any(2).mean())
        if recall >= 0.99:
            break
    searching = measured(lambda: index.search(users, K))
    seconds, cpu = (sum(both) for both in zip(building, searching, strict=True))
    return {"search": f"FAISS {kinds[name]}", "seconds": seconds, "cpu_seconds": cpu, "recall": recall}


def rows_of(users: int, items: int, dim: int, peers: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row per way to search."""
    seekers, offers = shop(users, items, dim)
    with TemporaryDirectory() as folder, connect(Path(folder) / "benchmark.duckdb") as connection:
        table(connection, "users", seekers)
        table(connection, "items", offers)
        exclude(connection, items, EXCLUDED)
        approximate = measured(lambda: connection.execute(top_k_sql(K, True, "approximate")))
        connection.execute("create table kept as from lists")
        exact = measured(lambda: connection.execute(top_k_sql(K, True)))
        connection.execute("create table exact as from lists")
        connection.execute("create or replace table lists as from kept")
        (recall,) = connection.execute(AGREEMENT).fetchall()[0]
    found = [
        {"search": "SQL, exact", "seconds": exact[0], "cpu_seconds": exact[1], "recall": 1.0},
        {"search": "SQL, approximate", "seconds": approximate[0], "cpu_seconds": approximate[1], "recall": recall},
        *(faiss_seconds(name, seekers, offers) for name in peers),
    ]
    size = {"users": users, "items": items, "dim": dim}
    for row in found:
        row["faster_than_exact"], row["by_cpu"] = exact[0] / row["seconds"], exact[1] / row["cpu_seconds"]
    return [size | row for row in found]


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", help="users,items,dimensions and any of ivf, pq, hnsw")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    chosen = [text.split(",") for text in given.cases or []]
    cases = [(int(n), int(m), int(dim), tuple(peers)) for n, m, dim, *peers in chosen] or CASES
    rows = [row for case in cases for row in rows_of(*case)]
    words = f"k = {K}, {THREADS} threads, one run; {EXCLUDED} exclusions per user in SQL, none in FAISS."
    write_table("approximate", "Approximate top-K against exact", rows, words, folder=given.out)


if __name__ == "__main__":
    main()
