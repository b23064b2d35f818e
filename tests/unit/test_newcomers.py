"""Items that nobody had: found by the users who had items of their values, and nothing else changes."""

from __future__ import annotations

import numpy as np
import torch
from test_factors import shop
from tiny_examples import make_examples
from two_tower.training.config import TrainingConfig
from two_tower.training.fit import prepare
from two_tower.training.newcomers import fit_newcomers, histories_of
from two_tower.training.two_towers import TwoTowers, tensors

CONFIG = TrainingConfig(
    dim=16, factors=8, content=6, factors_alpha=20.0, factors_regularization=1.0, threads=1, ordered=0
)


def towers_of_shop() -> TwoTowers:
    prepare(CONFIG)
    return TwoTowers(shop(), CONFIG).eval()


@torch.no_grad()
def test_users_of_a_shelf_are_who_a_new_item_of_it_is_for() -> None:
    towers = towers_of_shop()
    examples = towers.examples
    rows = examples.rows_of(range(examples.serve, examples.serve + 1), with_targets=False)
    assert len(rows)
    values = fit_newcomers(towers)
    towers.item.newcomers.copy_(values)
    users = towers.users(rows, "new")
    inputs = tensors(examples.item_batch(examples.serve, examples.code_items[[1, 5]]))
    inputs["item_code"][:] = 0
    p, q = (users @ towers.item(inputs, towers.factors(examples.serve)).T).T
    had = histories_of(examples, rows).toarray()
    of_p, of_q = had[:, 1:5].sum(1), had[:, 5:9].sum(1)
    assert (of_p > of_q).any()
    assert (of_q > of_p).any()
    assert (p - q).numpy()[of_p > of_q].mean() > (p - q).numpy()[of_q > of_p].mean()
    told = (users[:, CONFIG.memory_dim : -2] @ (values[1] - values[2])).numpy()
    assert told[of_p > of_q].min() > told[of_q > of_p].max()


@torch.no_grad()
def test_items_that_someone_had_stay_as_they_are() -> None:
    towers = towers_of_shop()
    examples = towers.examples
    everything = np.arange(len(examples.catalogue))
    before = towers.items(examples.serve, everything)
    towers.item.newcomers.copy_(fit_newcomers(towers))
    after = towers.items(examples.serve, everything)
    had = torch.from_numpy(np.asarray(examples.items.arrays["item_code"]) > 0)
    assert torch.equal(after[had], before[had])
    assert "item.newcomers" not in towers.state_dict()


@torch.no_grad()
def test_where_neither_factors_nor_content_count_nothing_is_told() -> None:
    towers = towers_of_shop()
    towers.user.shares[:] = 0.0
    assert not fit_newcomers(towers).any()


def test_histories_weigh_by_the_root_of_their_length() -> None:
    examples = make_examples()
    rows = examples.rows_of(range(1, 2), with_targets=False)
    found = histories_of(examples, rows).toarray()
    of_two = 2**-0.5
    expected = np.array([[0, of_two, of_two, 0, 0], [0, 0, 0, 1, 0], [0, 0.5, 0.5, 0.5, 0.5]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
