"""What is chosen on the validation window: only gains that are more than noise count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.tiny_examples import make_examples
from two_tower.training.config import TrainingConfig
from two_tower.training.fit.embedder import Embedder
from two_tower.training.fit.schedule import Found, prepare, search
from two_tower.training.fit.validation import (
    PREFERENCE_WEIGHTS,
    choose_factors,
    choose_part_weights,
    is_clearly_better,
    recalls_of,
    validation_recall,
    validation_rows,
    weighed_parts,
)
from two_tower.training.progress import Progress

CONFIG = TrainingConfig(
    dim=14, features=4, sequence=5, epochs=2, threads=1, factors_alpha=3.0, factors_regularization=1.0
)


@pytest.fixture
def embedder() -> Embedder:
    """Towers with a sequence part and a factor part that disagree."""
    prepare(CONFIG)
    embedder = Embedder(make_examples(repeats=False), CONFIG)
    embedder.towers.eval()
    with torch.no_grad():
        for parameter in embedder.towers.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3))
    return embedder


def test_recalls_are_those_of_the_definition() -> None:
    """Rows of a, b and d, who want one item each: of five items, "a" wants again what "a" had."""
    examples = make_examples(repeats=True)
    rows = validation_rows(examples)
    places = {name: place for place, name in enumerate(examples.catalogue.to_pylist())}
    scores = torch.zeros(3, 5)
    scores[0, places["p"]], scores[0, places["q"]] = 1.0, 0.5  # found where repeats count, hidden where they do not
    scores[1, places["r"]], scores[1, places["q"]] = 1.0, 0.5  # b had r: what is wanted moves up where it is hidden
    scores[2, places["p"]] = 1.0
    assert recalls_of(examples, rows, [scores.clone()], "allow_repeats", k=1).tolist() == [1.0, 0.0, 0.0]
    assert recalls_of(examples, rows, [scores.clone()], "unseen_only", k=1).tolist() == [1.0, 0.0], (
        "a wants nothing new"
    )
    assert recalls_of(examples, rows, [scores.clone()], "allow_repeats", k=2).tolist() == [1.0, 1.0, 0.0]


def test_inside_a_part_alone_ranks_and_afterwards_all_is_as_before(embedder: Embedder) -> None:
    rows = validation_rows(embedder.examples)
    weights = embedder.towers.user.part_weights
    weights[:] = torch.tensor([1.0, 0.3])
    with torch.inference_mode():
        before = embedder.users(rows)
        with weighed_parts(embedder, 0.0, 1.0):
            preference = embedder.users(rows)
        with weighed_parts(embedder, 1.0, 0.0):
            assert not embedder.users(rows)[:, embedder.layout.sequence :].any()
        after = embedder.users(rows)
    assert not preference[:, : embedder.layout.sequence].any()
    assert torch.equal(before, after)


def test_part_weights_are_tried_without_the_towers_and_are_what_the_towers_then_have(embedder: Embedder) -> None:
    told: list[str] = []
    choose_part_weights(embedder, told.append)
    chosen = float(embedder.towers.user.part_weights[1])
    found = {}
    for weight in PREFERENCE_WEIGHTS:
        with weighed_parts(embedder, 1.0, weight):
            found[weight] = validation_recall(embedder, ("unseen_only",))["unseen_only"]
    best = max(found.values())
    assert chosen == pytest.approx(next(weight for weight in PREFERENCE_WEIGHTS if found[weight] == best))
    assert told == [
        f"two_tower: beside the sequence part factors and features count {chosen:g}: recall@10 unseen_only {best:.4f}"
    ]


def test_settings_of_factors_that_are_given_are_kept_and_others_chosen() -> None:
    examples, told = make_examples(repeats=False), list[str]()
    prepare(CONFIG)
    assert choose_factors(examples, CONFIG, 5, told.append) == CONFIG
    assert not told
    chosen = choose_factors(examples, replace(CONFIG, factors_alpha=0.0), 5, told.append)
    assert chosen.factors_alpha > 0
    assert chosen.factors_regularization > 0
    assert chosen.als_iterations == CONFIG.als_iterations, "fewer are enough to choose, not to fit"
    assert len(told) in (7, 8), "five of ALS, two linear ones, and the best ALS without features"


def test_what_a_search_found_survives_being_written_down() -> None:
    _, found, epochs = search(make_examples(repeats=False), replace(CONFIG, factors_alpha=0.0), Progress())
    assert found.sequence_epochs >= 1
    assert {epoch.phase for epoch in epochs} == {"sequence", "preference"}
    assert [epoch.epoch for epoch in epochs] == list(range(1, len(epochs) + 1))
    assert Found.of(found.as_dict()) == found
    assert found.config.factors_alpha > 0


def test_a_gain_within_its_standard_error_is_none() -> None:
    before = np.zeros(400)
    few, many = before.copy(), before.copy()
    few[0] = 1.0  # one user of 400 gained: as large as its standard error
    many[:40] = 1.0
    assert not is_clearly_better(few, before)
    assert is_clearly_better(many, before)
    assert not is_clearly_better(before, many)
    assert not is_clearly_better(many, before, errors=10.0)
    some = before.copy()
    some[:3] = 1.0
    assert is_clearly_better(some, before, errors=1.5)
    assert not is_clearly_better(some, before, errors=2.0)


def test_the_same_gains_and_losses_are_none() -> None:
    before = np.random.default_rng(0).random(400)
    after = before + np.where(np.arange(400) % 2, 0.5, -0.5)
    assert not is_clearly_better(after, before)


def test_of_one_user_nothing_is_clear() -> None:
    assert not is_clearly_better(np.ones(1), np.zeros(1))
    assert not is_clearly_better(np.zeros(0), np.zeros(0))
