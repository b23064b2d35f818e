"""Random calls of the Python functions, and what numpy says that they must give.

A case follows from its number alone. Where vectors are small whole numbers, sums are exact in any order and lists must
be equal, ties included; where they are not, scores may differ by rounding. Some cases are wrong on purpose: then an
error must name the function.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from two_tower.python_udfs.caps_and_pins import cap_and_pin
from two_tower.python_udfs.explain.attribute_history import PENALTY, attribute_history
from two_tower.python_udfs.explain.history_reasons import history_reasons
from two_tower.python_udfs.statistics import bootstrap, significance
from two_tower.python_udfs.text_buckets import text_buckets
from two_tower.python_udfs.top_k import approximate, exact
from two_tower.python_udfs.top_k.functions import top_k

Vectors = list[list[float] | None]
List = list[tuple[int, float]]  # positions from 1, and scores


@dataclass
class Call:
    """A call of top_k: one block of users."""

    users: Vectors
    items: Vectors
    k: int
    excluded: list[list[int] | None]
    segments: list[int | None]
    adjustments: list[dict[int, float]]
    is_exact: bool = True  # whether sums do not depend on their order

    def columns(self) -> list[pa.ChunkedArray]:
        """The arguments as Arrow hands them over."""
        dim = len(next((v for v in [*self.users, *self.items] if v is not None), [0.0]))
        vector = pa.list_(pa.float32(), dim)
        fields: dict[str, pa.Array] = {
            "embedding": pa.array(self.users, vector),
            "excluded": pa.array(self.excluded, pa.list_(pa.int32())),
            "segment": pa.array(self.segments, pa.int32()),
        }
        users = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
        amount = pa.struct([("position", pa.int32()), ("amount", pa.float32())])
        adjusted = [[{"position": p, "amount": a} for p, a in row.items()] for row in self.adjustments]
        columns = [block(users), block(pa.array(self.items, vector)), pa.array([self.k], pa.int32())]
        columns.append(block(pa.array(adjusted, pa.list_(amount))))
        return [pa.chunked_array([column]) for column in columns]


def block(values: pa.Array) -> pa.Array:
    """One row that holds all values."""
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)


# --- what must come of it


def scores_of(call: Call, user: int) -> dict[int, float]:
    """Scores of the items that a user may get, by position from 1."""
    vector = call.users[user]
    if vector is None or not np.isfinite(vector).all():
        return {}
    amounts = {}
    segment = call.segments[user]
    if segment:
        amounts = call.adjustments[segment - 1]
    found = {}
    for position, item in enumerate(call.items, 1):
        if item is None or not np.isfinite(item).all() or position in (call.excluded[user] or []):
            continue
        with np.errstate(over="ignore", invalid="ignore"):
            score = np.float32(np.dot(np.float32(vector), np.float32(item)))
            if position in amounts:
                score = score + np.float32(amounts[position])
        if np.isfinite(score):
            found[position] = float(score)
    return found


def ranked(scores: dict[int, float]) -> list[int]:
    return sorted(scores, key=lambda position: (-scores[position], position))


def expected(call: Call, user: int) -> List:
    """The list of a user, by brute force."""
    scores = scores_of(call, user)
    return [(position, scores[position]) for position in ranked(scores)[: call.k]]


# --- random calls


def vectors(random: np.random.Generator, count: int, dim: int, kind: str) -> Vectors:
    """Vectors of a kind; some NULL or not finite."""
    if kind == "floats":
        values = random.normal(size=(count, dim))
    elif kind == "huge":
        values = random.choice([-1.0, 0.0, 1.0], (count, dim)) * 2.0 ** random.integers(-120, 120, (count, dim))
    else:
        values = random.integers(-2, 3, (count, dim)).astype(float)
    values[random.random((count, dim)) < 0.02] = -0.0
    odd = random.random(count)
    rows: Vectors = []
    for row, chance in zip(values.tolist(), odd, strict=True):
        spoilt = [float(random.choice([np.nan, np.inf, -np.inf])), *row[1:]] if chance < 0.06 else row
        rows.append(None if chance < 0.02 else spoilt)
    return rows


def random_call(random: np.random.Generator) -> Call:
    """A call that is right."""
    kind = str(random.choice(["ties", "ties", "floats", "huge"]))
    n, m = int(random.integers(0, 9)), int(random.integers(0, 60))
    dim = 1 if kind == "huge" else int(random.integers(1, 6))
    k = int(random.integers(1, 12))
    segments = int(random.integers(0, 3))
    return Call(
        users=vectors(random, n, dim, kind),
        items=vectors(random, m, dim, kind),
        k=k,
        excluded=[
            None
            if random.random() < 0.2
            else (random.integers(1, m + 1, random.integers(0, m + 1)).tolist() if m else [])
            for _ in range(n)
        ],
        segments=[None if random.random() < 0.3 else int(random.integers(0, segments + 1)) for _ in range(n)],
        adjustments=[random_amounts(random, m) for _ in range(segments)],
        is_exact=kind != "floats",
    )


def random_amounts(random: np.random.Generator, items: int) -> dict[int, float]:
    only_withheld = random.random() < 0.5
    positions = random.permutation(items)[: random.integers(0, items + 1)] + 1
    choice = [-np.inf] if only_withheld else [-np.inf, -3.0, 1.0, 2.0]
    return {int(position): float(random.choice(choice)) for position in positions}


def spoil(call: Call, random: np.random.Generator) -> bool:
    """Make a call wrong in one of the ways that it has. False where there is none."""
    m, n = len(call.items), len(call.users)
    wrong = int(random.choice([0, -1, m + 1, 2**31 - 1]))
    spoilt: list[tuple[str, Any]] = [("k", int(random.choice([0, -1])))]
    if n:
        spoilt += [("excluded", [row, *call.excluded[1:]]) for row in ([wrong], [None])]
        spoilt += [("segments", [segment, *call.segments[1:]]) for segment in (-1, len(call.adjustments) + 1)]
    if call.adjustments:
        spoilt += [("adjustments", [amounts, *call.adjustments[1:]]) for amounts in ({wrong: 1.0}, {1: None, 2: 1.0})]
    name, value = spoilt[int(random.integers(len(spoilt)))]
    setattr(call, name, value)
    return True


def of_ours(error: ValueError, function: str, is_expected: bool) -> str:
    """The outcome of a call that was refused. Raises AssertionError where it was right or the error blames another."""
    if not is_expected or not str(error).startswith(f"{function}: "):
        raise AssertionError(f"{function}: {error}") from error
    return "error of ours"


@contextlib.contextmanager
def small_blocks(random: np.random.Generator) -> Iterator[None]:
    """Blocks so small that a few users and items take several, are scored in 8 bits, and searched approximately."""
    scores, most = int(random.choice([8, 40, 200])), int(random.choice([2, 4]))
    with (
        patch.object(exact, "SCORES", scores),
        patch.object(exact, "MOST_USERS", most),
        patch.object(exact, "WORTH", 0),
        patch.object(approximate, "SCORES", 1),
        patch.object(approximate, "LEAST_ITEMS", 16),
        patch.object(approximate, "SAMPLE_USERS", 1),
        patch.object(approximate, "WORTH", 1),
    ):
        yield


def lists_of(call: Call, approximately: bool = False) -> list[List]:
    """The lists that the function gives."""
    (found,) = top_k(*call.columns(), threads=2, approximate=approximately).to_pylist()
    return [[(row["position"], row["score"]) for row in user] for user in found]


def differences(call: Call, found: list[List], approximately: bool) -> str | None:
    """What is wrong with the lists; None where nothing is."""
    if len(found) != len(call.users):
        return f"{len(found)} lists for {len(call.users)} users"
    for user, mine in enumerate(found):
        wanted = expected(call, user)
        if approximately:
            scores = scores_of(call, user)
            if [p for p, _ in mine if p not in scores]:
                return f"user {user}: {mine} holds what may not be shown"
            if len({p for p, _ in mine}) != len(mine) or len(mine) != len(wanted):
                return f"user {user}: {len(mine)} items where there are {len(wanted)}: {mine}"
            wanted = [(p, scores[p]) for p, _ in mine]
        if call.is_exact and [p for p, _ in mine] != [p for p, _ in wanted]:
            return f"user {user}: {mine}, expected {wanted}"
        same = (
            np.allclose([s for _, s in mine], [s for _, s in wanted], rtol=1e-5, atol=1e-6)
            if len(mine) == len(wanted)
            else False
        )
        if not same:
            return f"user {user}: scores of {mine}, expected {wanted}"
    return None


def check_top_k(random: np.random.Generator) -> str:
    """One case. Returns its outcome; raises AssertionError where that is wrong."""
    call = random_call(random)
    is_wrong = random.random() < 0.15 and spoil(call, random)
    approximately = bool(random.random() < 0.3)
    with small_blocks(random) if random.random() < 0.6 else contextlib.nullcontext():
        try:
            found = lists_of(call, approximately)
        except ValueError as error:
            return of_ours(error, "top_k", is_wrong)
    assert not is_wrong, ("no error", call)
    problem = differences(call, found, approximately)
    assert problem is None, (problem, call)
    return "list"


def check_cap_and_pin(random: np.random.Generator) -> str:
    """One case of cap_and_pin: pins at their places, the others in their order as far as the caps allow."""
    n, width = int(random.integers(0, 5)), int(random.integers(0, 3))
    k, caps = int(random.integers(1, 12)), [int(cap) for cap in random.integers(1, 4, width)]
    pins: list[list[int | None]] = []
    kinds: list[Any] = []
    for m in random.integers(0, 30, n):
        places = random.permutation(15)[:m] + 1
        pins.append([int(place) if random.random() < 0.2 else None for place in places] + [None] * (m - len(places)))
        kinds.append(random.integers(0, 4, (m, width)).tolist())
    is_wrong = n > 0 and len(pins[0]) > 1 and random.random() < 0.2
    if is_wrong:
        wrong_pins: list[list[int | None]] = [[0, *pins[0][1:]], [1, 1, *pins[0][2:]], []]
        wrong_kinds: list[Any] = [[0] * (width + 1), [None] * width or None]
        odd = int(random.integers(7))
        if odd < 3:
            pins[0] = wrong_pins[odd]
        elif odd < 5:
            kinds[0] = [wrong_kinds[odd - 3], *kinds[0][1:]]
        elif odd == 5:
            caps = [0, *caps[1:]]
        else:
            k = 0
    columns = [
        pa.chunked_array([pa.array(pins, pa.list_(pa.int32()))]),
        pa.chunked_array([pa.array(kinds, pa.list_(pa.list_(pa.int32())))]),
        pa.chunked_array([pa.array([k] * n, pa.int32())]),
        pa.chunked_array([pa.array([caps] * n, pa.list_(pa.int32()))]),
    ]
    try:
        found = cap_and_pin(*columns).to_pylist()
    except ValueError as error:
        return of_ours(error, "cap_and_pin", is_wrong)
    assert not is_wrong, ("no error", pins[0], kinds[0], k, caps)
    wanted = [capped_and_pinned(*row, k, caps) for row in zip(pins, kinds, strict=True)]
    assert found == wanted, (found, wanted)
    return "list"


def capped_and_pinned(pins: list[int | None], kinds: list[list[int]], k: int, caps: list[int]) -> list[int]:
    """The list of one user, place by place: who is free to stand there is looked for anew."""
    fixed = {place: number for number, place in enumerate(pins, 1) if place is not None and place <= k}
    free: list[int] = []
    for number, own in enumerate(kinds, 1):
        company = [kinds[other - 1] for other in [*fixed.values(), *free]]
        fits = all(sum(row[c] == own[c] for row in company) < cap for c, cap in enumerate(caps))
        if fits and number not in fixed.values() and len(free) + len(fixed) < k:
            free.append(number)
    return [number for place in range(1, k + 1) if (number := fixed.get(place) or (free.pop(0) if free else 0))]


def check_attribute_history(random: np.random.Generator) -> str:
    """One case of attribute_history against the augmented least squares that ridge regression is."""
    n, m, dim = int(random.integers(0, 6)), int(random.integers(1, 9)), int(random.integers(1, 6))
    users, items = random.normal(size=(n, dim)).astype(np.float32), random.normal(size=(m, dim)).astype(np.float32)
    items[random.random(m) < 0.1] = 0
    histories = [
        None if random.random() < 0.1 else (random.integers(0, m, random.integers(0, 7)) + 1).tolist() for _ in range(n)
    ]
    is_wrong = n > 0 and random.random() < 0.1
    if is_wrong:
        histories[0] = [int(random.choice([0, m + 1]))]
    struct = pa.StructArray.from_arrays(
        [pa.array(users.tolist(), pa.list_(pa.float32(), dim)), pa.array(histories, pa.list_(pa.int32()))],
        names=["embedding", "history"],
    )
    columns = [
        pa.chunked_array([block(struct)]),
        pa.chunked_array([block(pa.array(items.tolist(), pa.list_(pa.float32(), dim)))]),
    ]
    try:
        (found,) = attribute_history(*columns).to_pylist()
    except ValueError as error:
        return of_ours(error, "attribute_history", is_wrong)
    assert not is_wrong
    for user, (history, mine) in enumerate(zip(histories, found, strict=True)):
        rows = items[np.array(history or [], int) - 1].astype(np.float64)
        penalty = PENALTY * (rows**2).sum() / max(len(rows), 1) + 1e-12
        matrix = np.vstack([rows.T, np.sqrt(penalty) * np.eye(len(rows))])
        wanted = np.linalg.lstsq(matrix, np.append(users[user], np.zeros(len(rows))), rcond=None)[0]
        assert np.allclose(mine, wanted, rtol=1e-3, atol=1e-4), (mine, wanted)
    return "list"


def check_history_reasons(random: np.random.Generator) -> str:
    """One case of history_reasons, in whole numbers."""
    n, m, dim, k = (int(random.integers(low, high)) for low, high in ((0, 5), (1, 9), (1, 5), (1, 5)))
    items = random.integers(-2, 3, (m, dim)).astype(np.float32)
    rows = [
        {
            "history": [
                {"item_id": f"i{p}", "position": int(p), "weight": float(random.integers(-2, 3))}
                for p in random.permutation(m)[: random.integers(0, m + 1)] + 1
            ],
            "listed": [
                {"item_id": f"i{p}", "position": int(p)} for p in random.permutation(m)[: random.integers(0, m + 1)] + 1
            ],
        }
        for _ in range(n)
    ]
    is_wrong = n > 0 and random.random() < 0.1
    if is_wrong:
        rows[0]["listed"] = [{"item_id": "x", "position": m + 1}]
    member = [("item_id", pa.string()), ("position", pa.int32())]
    kind = pa.struct(
        [("history", pa.list_(pa.struct([*member, ("weight", pa.float64())]))), ("listed", pa.list_(pa.struct(member)))]
    )
    columns = [
        pa.chunked_array([block(pa.array(rows, kind))]),
        pa.chunked_array([block(pa.array(items.tolist(), pa.list_(pa.float32(), dim)))]),
        pa.chunked_array([pa.array([k], pa.int32())]),
    ]
    try:
        (found,) = history_reasons(*columns).to_pylist()
    except ValueError as error:
        return of_ours(error, "history_reasons", is_wrong)
    assert not is_wrong
    for row, mine in zip(rows, found, strict=True):
        wanted = []
        for listed in row["listed"]:
            parts = [
                (had["item_id"], had["weight"] * float(items[had["position"] - 1] @ items[listed["position"] - 1]))
                for had in row["history"]
            ]
            best = sorted(parts, key=lambda part: -part[1])[:k]
            wanted.append((listed["item_id"], sum(value for _, value in parts), best))
        got = [(r["item_id"], r["history_score"], [(name, value + 0) for name, value in r["reasons"]]) for r in mine]
        if not row["history"]:
            got = [(name, score, reasons) for name, score, reasons in got]
        assert got == wanted, (got, wanted)
    return "list"


def check_statistics(random: np.random.Generator) -> str:
    """Intervals of a bootstrap hold the mean of lists that are not odd; odd numbers give NULL or an error of ours."""
    values = random.normal(size=random.integers(0, 30))
    if random.random() < 0.2 and len(values):
        values[0] = random.choice([np.nan, np.inf, 1e308, -1e308])
    column = pa.chunked_array([pa.array([values.tolist()], pa.list_(pa.float64()))])
    (found,) = bootstrap.interval(
        column, pa.chunked_array([pa.array([int(random.integers(-5, 5))], pa.int64())])
    ).to_pylist()
    if len(values) and np.isfinite(values).all() and np.abs(values).max() < 1e100:
        assert found["low"] <= values.mean() + 1e-9
        assert values.mean() <= found["high"] + 1e-9
    share = float(random.choice([random.random(), 0.0, 1.0, -1.0, np.nan]))
    try:
        (quantile,) = significance.normal_quantile(pa.chunked_array([pa.array([share], pa.float64())])).to_pylist()
    except ValueError as error:
        of_ours(error, "normal_quantile", not 0 < share < 1)
    else:
        assert 0 < share < 1
        assert np.isfinite(quantile)
    statistic, degrees = (
        float(random.choice([random.random() * 9, 0.0, np.inf, np.nan, -1.0])),
        int(random.integers(-1, 9)),
    )
    columns = (
        pa.chunked_array([pa.array([statistic], pa.float64())]),
        pa.chunked_array([pa.array([degrees], pa.int64())]),
    )
    try:
        (p,) = significance.chi_square_p(*columns).to_pylist()
    except ValueError as error:
        return of_ours(error, "chi_square_p", not statistic >= 0)
    assert 0 <= p <= 1 + 1e-12
    return "list"


def check_text_buckets(random: np.random.Generator) -> str:
    """Buckets of any text lie in their range and do not depend on the company."""
    signs = [
        "a",
        "Ä",
        "ß",
        "绿",
        "\U0001f600",
        "\u0301",
        "\0",
        "'",
        '"',
        "{{",
        "%",
        " ",
        "\n",
        "\u200b",
        "\ufffd",
        "٣",
        "9",
        "-",
    ]
    texts = ["".join(random.choice(signs, random.integers(0, 20))) for _ in range(int(random.integers(0, 5)))]
    given: list[str | None] = [*texts, None]
    count = int(random.choice([2, 16, 16384]))

    def buckets(some: list[str | None]) -> list[Any]:
        return list(
            text_buckets(
                pa.chunked_array([pa.array(some, pa.string())]),
                pa.chunked_array([pa.array([count] * len(some), pa.int64())]),
            ).to_pylist()
        )

    found = buckets(given)
    for text, mine in zip(given, found, strict=True):
        assert buckets([text]) == [mine]
        assert all(0 <= bucket <= count for bucket in mine or [])
    return "list"


CHECKS = {
    "top_k": check_top_k, "attribute_history": check_attribute_history, "history_reasons": check_history_reasons,
    "statistics": check_statistics, "text_buckets": check_text_buckets, "cap_and_pin": check_cap_and_pin,
}  # fmt: skip


def check(number: int) -> tuple[str, str]:
    """The case of a number: its function and its outcome."""
    random = np.random.default_rng(number)
    name = "top_k" if number % 10 < 5 else list(CHECKS)[1 + number % 5]
    return name, CHECKS[name](random)
