"""Items that nobody had: found by the users who had items of their values, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import torch
from helpers.tiny_examples import make_examples
from test_factors import shop, users_of
from two_tower.training.config import TrainingConfig
from two_tower.training.examples import Examples, build_examples
from two_tower.training.factors import feature_values
from two_tower.training.fit import fit, prepare
from two_tower.training.newcomers import choose_standing, fit_newcomers, histories_of
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
    values = fit_newcomers(towers, towers.examples.serve)
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
    towers.item.newcomers.copy_(fit_newcomers(towers, towers.examples.serve))
    after = towers.items(examples.serve, everything)
    had = torch.from_numpy(examples.codes(examples.serve) > 0)
    assert torch.equal(after[had], before[had])
    assert "item.newcomers" not in towers.state_dict()


@torch.no_grad()
def test_the_standing_of_new_items_leaves_their_order_and_all_other_items_as_they_are() -> None:
    towers = towers_of_shop()
    examples = towers.examples
    towers.item.newcomers.copy_(fit_newcomers(towers, examples.serve))
    rows = examples.rows_of(range(examples.serve, examples.serve + 1), with_targets=False)
    users, taste = towers.users(rows, "new"), slice(CONFIG.memory_dim, -1)
    everything = np.arange(len(examples.catalogue))
    new = examples.codes(examples.serve) == 0
    as_new = tensors(examples.item_batch(examples.serve, everything))
    as_new["item_code"] = torch.zeros_like(as_new["item_code"])
    factors = towers.factors(examples.serve)
    before, new_before = towers.items(examples.serve, everything), towers.item(as_new, factors)
    towers.item.standing.fill_(0.25)
    after, new_after = towers.items(examples.serve, everything), towers.item(as_new, factors)
    assert torch.equal(after[~new], before[~new])
    torch.testing.assert_close((users[:, taste] @ new_after[:, taste].T), users[:, taste] @ new_before[:, taste].T / 4)


def long_shelves(new_is_wanted: bool, words: int = 0) -> Examples:
    """Two shelves of 16 items, of which each of 20 users had four, and of eight that nobody had; they want others.

    words: of 60 that say nothing, each item has so many.
    """
    random = np.random.default_rng(1)
    texts = [random.permutation(60)[:words] + 1 for _ in range(48)]
    names = [f"{shelf}{number:02d}" for shelf in "pq" for number in range(24)]
    code = {name: place + 1 for place, name in enumerate(names)}
    carts = [[f"{'pq'[user % 2]}{(user // 2 + step) % 16:02d}" for step in (0, 3, 5, 9)] for user in range(20)]
    users = users_of(carts, code)
    items = [
        {"snapshot": snapshot, "item_id": name, "item_code": code[name] if snapshot == 1 or name[1:] < "16" else 0,
         "shelf": 1 if name[0] == "p" else 2, "users": 1.0, "recent_users": 1.0}
        | ({"words": texts[code[name] - 1].tolist()} if words else {})
        for snapshot in (1, 2)
        for name in names
    ]  # fmt: skip
    places = range(16, 24) if new_is_wanted else range(16)
    wanted = [
        {"snapshot": 2, "user_id": f"u{user:02d}", "item_id": item, "is_repeat": False}
        for user, cart in enumerate(carts)
        for item in (f"{cart[0][0]}{place:02d}" for place in places)
        if item not in cart
    ]
    had = [
        {"snapshot": 2, "user_id": f"u{user:02d}", "item_id": item} for user, cart in enumerate(carts) for item in cart
    ]
    return build_examples(
        *(pa.Table.from_pylist(rows) for rows in (users, items, items, wanted, had)),
        {"user": {}, "item": {"item_code": 48, "shelf": 2} | ({"words": 60} if words else {})},
        {"user": set(), "item": {"users", "recent_users", "item_code"}}, 1,
    )  # fmt: skip


def test_new_items_stand_as_high_as_they_are_wanted_on_the_validation_window() -> None:
    standings, told = [], []
    for new_is_wanted in (True, False):
        prepare(CONFIG)
        towers = TwoTowers(long_shelves(new_is_wanted), CONFIG)
        choose_standing(towers, told.append)
        standings.append(float(towers.item.standing))
    assert standings[0] == 1.0
    assert standings[1] < 0.9
    assert told == [f"two_tower: new items count {standing:g}" for standing in standings]


def test_a_search_of_settings_compares_lists_with_new_items_where_they_will_stand() -> None:
    towers, _ = fit(long_shelves(new_is_wanted=False), CONFIG, lambda _: None, watch=lambda _: None)
    assert towers.item.newcomers.any()
    assert float(towers.item.standing) < 0.9


@torch.no_grad()
def test_words_that_say_nothing_do_not_drown_the_shelf() -> None:
    prepare(CONFIG)
    towers = TwoTowers(long_shelves(False, words=30), CONFIG).eval()
    examples = towers.examples
    vectors = fit_newcomers(towers, examples.serve + 1)
    rows = examples.rows_of(range(examples.serve + 1, examples.serve + 2), with_targets=False)
    users = towers.users(rows, "new")[:, CONFIG.memory_dim : -2]
    values = torch.from_numpy(feature_values(examples, examples.serve).toarray().T)  # the eight have codes by then
    scores = (users @ (values @ vectors).T).numpy()[:, 1:]
    right = [scores[::2, 16:24, None] > scores[::2, None, 40:48], scores[1::2, 16:24, None] < scores[1::2, None, 40:48]]
    assert np.mean(right) > 0.95


@torch.no_grad()
def test_where_neither_factors_nor_content_count_nothing_is_told() -> None:
    towers = towers_of_shop()
    towers.user.shares[:] = 0.0
    assert not fit_newcomers(towers, towers.examples.serve).any()


def test_histories_weigh_by_the_root_of_their_length() -> None:
    examples = make_examples()
    rows = examples.rows_of(range(1, 2), with_targets=False)
    found = histories_of(examples, rows).toarray()
    of_two = 2**-0.5
    expected = np.array([[0, of_two, of_two, 0, 0], [0, 0, 0, 1, 0], [0, 0.5, 0.5, 0.5, 0.5]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
