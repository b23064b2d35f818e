"""The softmax over sampled items, against the same written out."""

from __future__ import annotations

import torch
from torch import Tensor
from two_tower.training.fit.losses import SampleLogSumExp, sampled_softmax

USERS, DIM, ITEMS, SAMPLED = 6, 4, 20, 12


def drawn() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """users [B, D], items [n, D], log_q [N] and hits [B, N] of a sample that is the first of the items."""
    random = torch.Generator().manual_seed(0)
    users, items = (torch.randn(rows, DIM, generator=random, dtype=torch.double) for rows in (USERS, ITEMS))
    log_q = torch.log(0.1 + 0.9 * torch.rand(SAMPLED, generator=random, dtype=torch.double))
    hits = torch.rand(USERS, SAMPLED, generator=random) < 0.2
    return users.requires_grad_(), items.requires_grad_(), log_q, hits


def test_gradients_are_those_of_the_sum() -> None:
    users, items, log_q, hits = drawn()
    assert torch.autograd.gradcheck(SampleLogSumExp.apply, (users, items[:SAMPLED], log_q, hits))


def test_loss_is_the_cross_entropy_written_out() -> None:
    users, items, log_q, hits = drawn()
    own = torch.tensor([[13, 14], [15, 0], [2, 19], [0, 0], [16, 17], [18, 0]])
    # one that is left out of all, one that is no target but counts below, and a row without a target
    targets = torch.tensor([[1.0, 3.0], [1.0, -1.0], [0.5, 0.0], [-1.0, -1.0], [0.2, 0.8], [1.0, -1.0]]).double()
    loss = sampled_softmax(users, items[own], targets, items[:SAMPLED], log_q, hits)

    total, importance = torch.zeros(()).double(), torch.zeros(()).double()
    for user in range(USERS):
        logits = items @ users[user]
        known = targets[user] >= 0
        below = logits[own[user]][known].exp().sum()
        below = below + (logits[:SAMPLED] - log_q).exp()[~hits[user]].sum()
        mass = targets[user][known].sum()
        if mass > 0:
            shares = targets[user][known] / mass
            total = total + mass.sqrt() * (shares * (below.log() - logits[own[user]][known])).sum()
            importance = importance + mass.sqrt()
    torch.testing.assert_close(loss, total / importance)
    for mine, theirs in zip(
        torch.autograd.grad(loss, [users, items]), torch.autograd.grad(total / importance, [users, items]), strict=True
    ):
        torch.testing.assert_close(mine, theirs)


def test_rows_without_anything_give_no_nan() -> None:
    users, items, log_q, _ = drawn()
    hits = torch.ones(USERS, SAMPLED, dtype=torch.bool)
    nothing = torch.full((USERS, 1), -1.0).double()
    loss = sampled_softmax(users, items[:USERS, None], nothing, items[:SAMPLED], log_q, hits)
    gradients = torch.autograd.grad(loss, [users, items])
    assert loss.item() == 0.0
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
