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
import numpy.typing as npt
from results import RESULTS, measured, write_table
from top_k import THREADS, Floats, K, connect, exclude, table, top_k_sql

CASES = [(20_000, 200_000, 64, ("ivf", "pq", "hnsw")), (100_000, 1_000_000, 64, ())]
EXCLUDED, RUNS = 10, 3
Seconds = npt.NDArray[np.float64]
AGREEMENT = """
    select count(approximate.item_id) / count(*) from exact
    left join approximate on exact.user_id = approximate.user_id and exact.item_id = approximate.item_id
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


def search_by_faiss(name: str, users: Floats, items: Floats) -> tuple[str, Seconds, float]:
    """Name, seconds and recall of an index, with the least effort that finds .99 of the exact lists of some users."""
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
    return f"FAISS {kinds[name]}", np.add(building, searching), recall


def rows_of(users: int, items: int, dim: int, peers: tuple[str, ...]) -> list[dict[str, Any]]:
    """A row per way to search."""
    seekers, offers = shop(users, items, dim)
    with TemporaryDirectory() as folder, connect(Path(folder) / "benchmark.duckdb") as connection:
        table(connection, "users", seekers)
        table(connection, "items", offers)
        exclude(connection, items, EXCLUDED)

        def run(search: str) -> tuple[float, float]:
            seconds = measured(lambda: connection.execute(top_k_sql(K, True, search)))
            connection.execute(f"create or replace table {search} as from lists")
            return seconds

        pairs = np.array([(run("exact"), run("approximate")) for _ in range(RUNS)])  # [runs, 2, seconds and by CPU]
        (recall,) = connection.execute(AGREEMENT).fetchall()[0]
    exact, approximate = np.median(pairs, axis=0)
    faster = np.median(pairs[:, 0] / pairs[:, 1], axis=0)
    rows = [row_of("SQL, exact", exact, 1.0, np.ones(2)), row_of("SQL, approximate", approximate, recall, faster)]
    for name in peers:
        search, seconds, found = search_by_faiss(name, seekers, offers)
        rows.append(row_of(search, seconds, found, exact / seconds))
    return [{"users": users, "items": items, "dim": dim} | row for row in rows]


def row_of(search: str, seconds: Seconds, recall: float, faster: Seconds) -> dict[str, Any]:
    """What a way to search took, by the clock and by CPU, and how much faster than the exact one that is."""
    took = {"seconds": seconds[0], "cpu_seconds": seconds[1]}
    return {"search": search} | took | {"recall": recall, "faster_than_exact": faster[0], "by_cpu": faster[1]}


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", nargs="+", help="users,items,dimensions and any of ivf, pq, hnsw")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    chosen = [text.split(",") for text in given.cases or []]
    cases = [(int(n), int(m), int(dim), tuple(peers)) for n, m, dim, *peers in chosen] or CASES
    rows = [row for case in cases for row in rows_of(*case)]
    words = (
        f"k = {K}, {THREADS} threads, medians of {RUNS} runs and {EXCLUDED} exclusions per user in SQL, none in FAISS."
    )
    write_table("approximate", "Approximate top-K against exact", rows, words, folder=given.out)


if __name__ == "__main__":
    main()
