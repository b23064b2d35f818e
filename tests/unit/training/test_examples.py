"""What training reads: whether history items come again, new targets, features of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.tiny_examples import make_examples
from torch import nn
from two_tower.training.config import TrainingConfig
from two_tower.training.fit import sampling
from two_tower.training.fit.sampling import Sampler
from two_tower.training.inputs import examples
from two_tower.training.inputs.arrays import Column, Ragged
from two_tower.training.inputs.examples import scales
from two_tower.training.model.features import Features


def lists(random: np.random.Generator, rows: int, items: int, lowest: int) -> Ragged:
    values = [
        np.sort(random.choice(np.arange(lowest, items), random.integers(0, 5), replace=False)) for _ in range(rows)
    ]
    return Ragged(np.concatenate([[0], np.cumsum([len(row) for row in values])]), np.concatenate(values))


@pytest.mark.parametrize("block", [3, 100])
def test_what_comes_again_is_found_row_by_row(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(examples, "BLOCK", block)
    random = np.random.default_rng(0)
    past, future = lists(random, 50, 9, -1), lists(random, 50, 9, -1)
    found = examples._among(past, future, 9)
    for row in range(50):
        mine, others = (part.values[part.offsets[row] : part.offsets[row + 1]] for part in (past, future))
        expected = [float(item >= 0 and item in others) for item in mine]
        assert found.values[found.offsets[row] : found.offsets[row + 1]].tolist() == expected


def test_a_row_with_very_many_targets_teaches_some(monkeypatch: pytest.MonkeyPatch) -> None:
    few = make_examples()
    rows = np.arange(12)
    sampler = Sampler(few, TrainingConfig())
    whole = sampler.new_targets(rows)
    assert whole.shape == (12, 1)
    wanted = {row: set(whole[row][whole[row] >= 0].tolist()) for row in rows}
    assert sum(map(len, wanted.values())) == few.is_new.values.sum()
    offsets = np.minimum(np.arange(13) * 4, 12)  # the first three rows have four targets each
    many = replace(few, targets=Ragged(offsets, np.tile(np.arange(4), 3)), is_new=Ragged(offsets, np.ones(12, bool)))
    monkeypatch.setattr(sampling, "MOST_TARGETS", 2)
    found = Sampler(many, TrainingConfig()).new_targets(rows)
    assert found.tolist() == [[0, 3]] * 3 + [[-1, -1]] * 9


def test_the_length_of_vectors_says_nothing() -> None:
    columns = (Column("picture", "vector", 2),)
    vectors = torch.tensor([[1.0, 2.0], [-3.0, 0.5], [float("inf"), 1.0], [float("nan"), 0.0]])
    said = []
    for length in (1.0, 1000.0):
        torch.manual_seed(0)
        features = Features(columns, 4, {"picture": (0.0, length)})
        features.missing["column_picture"].data += 0.5
        said.append(features.static_features({"picture": length * vectors}))
    torch.testing.assert_close(said[0], said[1])
    assert said[0][2:].eq(0.5).all(), "what is not finite is absent"


@pytest.mark.parametrize("known", [False, True], ids=["never known", "never varied"])
def test_what_nobody_learned_to_read_says_nothing(known: bool) -> None:
    columns = (Column("price", "number", 1), Column("picture", "vector", 2))
    arrays = {"price": np.full(5, 2.0 if known else np.nan), "picture": np.full((5, 2), 0.5 if known else np.nan)}
    inputs = replace(make_examples().items, columns=columns, arrays=arrays)
    features = Features(columns, 4, scales(inputs, np.arange(5)))
    for parameter in features.parameters():
        nn.init.normal_(parameter)
    learned = features.static_features(
        {name: torch.tensor(array[:2], dtype=torch.float32) for name, array in arrays.items()}
    )
    later = features.static_features(
        {"price": torch.tensor([1e6, 0.0]), "picture": torch.tensor([[9.0, -9.0], [0.0, 1.0]])}
    )
    torch.testing.assert_close(later, learned)
    learned.sum().backward()
    assert all(parameter.grad is None or parameter.grad.isfinite().all() for parameter in features.parameters())
