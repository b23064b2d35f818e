"""Items that nobody had: found by the users who had items of their values, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import torch
from helpers.tiny_examples import make_examples
from test_factors import shop, users_of
from two_tower.training.config import TrainingConfig
from two_tower.training.factorization.factors import feature_values
from two_tower.training.fit.embedder import Embedder
from two_tower.training.fit.new_items import fit_new_items, histories_of
from two_tower.training.fit.schedule import Found, prepare, refit, search
from two_tower.training.inputs.arrays import tensors
from two_tower.training.inputs.examples import Examples, build_examples
from two_tower.training.progress import Progress

CONFIG = TrainingConfig(dim=16, features=6, factors_alpha=20.0, factors_regularization=1.0, threads=1, ordered=0)


def embedder_of(examples: Examples, config: TrainingConfig = CONFIG) -> Embedder:
    prepare(config)
    embedder = Embedder(examples, config)
    embedder.towers.eval()
    return embedder


@torch.no_grad()
def test_users_of_a_shelf_are_who_a_new_item_of_it_is_for() -> None:
    embedder = embedder_of(shop())
    towers, examples = embedder.towers, embedder.examples
    rows = examples.rows_of(range(examples.serving_cutoff, examples.serving_cutoff + 1), with_targets=False)
    assert len(rows)
    values = fit_new_items(embedder, examples.serving_cutoff)
    towers.item.new_items.copy_(values)
    users = embedder.users(rows)
    inputs = tensors(examples.item_batch(examples.serving_cutoff, examples.items_by_index[[1, 5]]))
    inputs["item_index"][:] = 0
    p, q = (users @ towers.item(inputs, embedder.factors(examples.serving_cutoff)).T).T
    had = histories_of(examples, rows).toarray()
    of_p, of_q = had[:, 1:5].sum(1), had[:, 5:9].sum(1)
    assert (of_p > of_q).any()
    assert (of_q > of_p).any()
    assert (p - q).numpy()[of_p > of_q].mean() > (p - q).numpy()[of_q > of_p].mean()
    told = (users[:, embedder.layout.vectors] @ (values[1] - values[2])).numpy()
    assert told[of_p > of_q].min() > told[of_q > of_p].max()


@torch.no_grad()
def test_items_that_someone_had_stay_as_they_are() -> None:
    embedder = embedder_of(shop())
    towers, examples = embedder.towers, embedder.examples
    everything = np.arange(len(examples.catalogue))
    before = embedder.items(examples.serving_cutoff, everything)
    towers.item.new_items.copy_(fit_new_items(embedder, examples.serving_cutoff))
    after = embedder.items(examples.serving_cutoff, everything)
    had = torch.from_numpy(examples.item_indexes(examples.serving_cutoff) > 0)
    assert torch.equal(after[had], before[had])


@torch.no_grad()
def test_the_scale_of_new_items_leaves_their_order_and_all_other_items_as_they_are() -> None:
    found = []
    for scale in (1.0, 0.25):
        embedder = embedder_of(shop(), replace(CONFIG, new_item_scale=scale))
        towers, examples = embedder.towers, embedder.examples
        towers.item.new_items.copy_(fit_new_items(embedder, examples.serving_cutoff))
        rows = examples.rows_of(range(examples.serving_cutoff, examples.serving_cutoff + 1), with_targets=False)
        everything = np.arange(len(examples.catalogue))
        as_new = tensors(examples.item_batch(examples.serving_cutoff, everything))
        as_new["item_index"] = torch.zeros_like(as_new["item_index"])
        new_items = towers.item(as_new, embedder.factors(examples.serving_cutoff))
        found.append((embedder.items(examples.serving_cutoff, everything), embedder.users(rows), new_items))
    (before, users, new_before), (after, same_users, new_after) = found
    assert torch.equal(users, same_users)
    had = torch.from_numpy(examples.item_indexes(examples.serving_cutoff) > 0)
    assert torch.equal(after[had], before[had])
    assert new_before.any()
    torch.testing.assert_close(users @ new_after.T, users @ new_before.T / 4)


def long_shelves(words: int = 0) -> Examples:
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
        {"cutoff": cutoff, "item_id": name, "item_index": code[name] if cutoff == 1 or name[1:] < "16" else 0,
         "shelf": 1 if name[0] == "p" else 2, "users": 1.0, "recent_users": 1.0}
        | ({"words": texts[code[name] - 1].tolist()} if words else {})
        for cutoff in (1, 2)
        for name in names
    ]  # fmt: skip
    wanted = [
        {"cutoff": 2, "user_id": f"u{user:02d}", "item_id": item, "is_repeat": False}
        for user, cart in enumerate(carts)
        for item in (f"{cart[0][0]}{place:02d}" for place in range(16))
        if item not in cart
    ]
    had = [
        {"cutoff": 2, "user_id": f"u{user:02d}", "item_id": item} for user, cart in enumerate(carts) for item in cart
    ]
    return build_examples(
        *(pa.Table.from_pylist(rows) for rows in (users, items, items, wanted, had)),
        {"user": {}, "item": {"item_index": 48, "shelf": 2} | ({"words": 60} if words else {})},
        {"users", "recent_users", "item_index"}, 1,
    )  # fmt: skip


def test_a_search_and_a_refit_tell_new_items_apart() -> None:
    """The search's as of the validation cutoff, the other's as of the one that is served."""
    searched, found, _ = search(long_shelves(), CONFIG, Progress())
    served, _ = refit(
        long_shelves(), Found(found.config, 0, found.preference_epochs, found.preference_weight), Progress()
    )
    for embedder, cutoff in ((searched, 2), (served, 1)):
        assert embedder.towers.item.new_items.any()
        torch.testing.assert_close(embedder.towers.item.new_items, fit_new_items(embedder, cutoff))


@torch.no_grad()
def test_words_that_say_nothing_do_not_drown_the_shelf() -> None:
    embedder = embedder_of(long_shelves(words=30))
    examples = embedder.examples
    vectors = fit_new_items(embedder, examples.serving_cutoff + 1)
    rows = examples.rows_of(range(examples.serving_cutoff + 1, examples.serving_cutoff + 2), with_targets=False)
    users = embedder.users(rows)[:, embedder.layout.vectors]
    values = torch.from_numpy(
        feature_values(examples, examples.serving_cutoff).toarray().T
    )  # the eight have codes by then
    scores = (users @ (values @ vectors).T).numpy()[:, 1:]
    right = [scores[::2, 16:24, None] > scores[::2, None, 40:48], scores[1::2, 16:24, None] < scores[1::2, None, 40:48]]
    assert np.mean(right) > 0.95


@torch.no_grad()
def test_where_neither_factors_nor_content_count_nothing_is_told() -> None:
    embedder = embedder_of(shop())
    assert fit_new_items(embedder, embedder.examples.serving_cutoff).any()
    embedder.towers.user.part_weights[:] = 0.0
    assert not fit_new_items(embedder, embedder.examples.serving_cutoff).any()


def test_histories_weigh_by_the_root_of_their_length() -> None:
    examples = make_examples()
    rows = examples.rows_of(range(1, 2), with_targets=False)
    found = histories_of(examples, rows).toarray()
    of_two = 2**-0.5
    expected = np.array([[0, of_two, of_two, 0, 0], [0, 0, 0, 1, 0], [0, 0.5, 0.5, 0.5, 0.5]])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
