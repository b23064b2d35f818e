"""Fitting the recall part: which past items come back, and vectors exact enough to bring just those back.

A low-rank vector cannot hold hundreds of past items, but it can hold the few that matter. So a small head first learns
which items of a history are likely to be had again; then the vectors learn to give those few back, from histories only.
Real targets are no teacher here: the tables would learn each user's next window by heart.
Shapes: n rows, M past items per row, N sampled items.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .config import TrainingConfig
from .data import HISTORY, Ragged, tensor
from .examples import Examples, Index, even_sample
from .losses import repeat_loss, sampled_softmax
from .optimise import decay, descend
from .recall import RecallItems, RecallUsers
from .sampling import mark

HEAD_BATCH, HEAD_RATE = 16384, 0.02
HEAD_STEPS, FEWEST_STEPS = 300, 400  # at least, of the head and of recall, however few the rows and passes
MOST_PAIRS = 5_000_000  # that the head is fitted on: its few weights need no more
SHRINKAGE = 8.0  # of the items' tendencies, in pairs: few users say little about a single item


def ragged(examples: Examples, name: str) -> Ragged:
    """One list column of the user inputs."""
    values = examples.users.arrays[name]
    assert isinstance(values, Ragged)
    return values


def fit_repeat_head(
    user: RecallUsers, examples: Examples, rows: Index, config: TrainingConfig, epochs: int, rate: float = HEAD_RATE
) -> None:
    """Cross-entropy of "had again in the next window" over the history items of the rows, plus a ridge penalty.

    The penalty is that of the maximum a posteriori where each item's tendency has the prior N(0, 1 / (2 SHRINKAGE)).
    """
    random = np.random.default_rng(config.seed)
    cells = examples.histories.cells(rows)
    if not len(cells) or not examples.again.values.any():
        return
    cells = np.sort(random.choice(cells, MOST_PAIRS, replace=False)) if len(cells) > MOST_PAIRS else cells
    pairs = {name: tensor(ragged(examples, name).values[cells]) for name in HISTORY}
    again = tensor(examples.again.values[cells])
    optimiser = torch.optim.Adam([*user.repeat.parameters(), *user.tendency.parameters()], lr=rate, fused=True)
    pieces = -(-len(cells) // HEAD_BATCH)
    steps = max(pieces * epochs, HEAD_STEPS)
    for step in range(steps):
        if step % pieces == 0:
            batches = np.array_split(random.permutation(len(cells)), pieces)
        batch = torch.from_numpy(batches[step % pieces])
        inputs = {name: values[batch].unsqueeze(0) for name, values in pairs.items()}  # one row of many items
        loss = repeat_loss(user.repeat_logits(inputs), again[batch].unsqueeze(0), inputs["history_items"] > 0)
        loss = loss + SHRINKAGE * user.tendency.weight.square().sum() / len(cells)
        descend(optimiser, loss, rate * decay((step + 1) / steps))


def supports_of(user: RecallUsers, examples: Examples, rows: Index) -> tuple[Tensor, Tensor]:
    """What recall has to bring back for each row: item codes and weights, [n, M] each."""
    codes, weights = [], []
    with torch.inference_mode():
        for start in range(0, len(rows), 1024):
            inputs = {name: tensor(ragged(examples, name).padded(rows[start : start + 1024])) for name in HISTORY}
            places, weight = user.supports(inputs)
            codes.append(inputs["history_items"].gather(1, places) * (weight > 0))
            weights.append(weight)
    return torch.cat(codes).clone(), torch.cat(weights).clone()


def start_recall(user: RecallUsers, item: RecallItems) -> None:
    """Give each item one random direction in both tables: then a user's few items already stand out from the rest."""
    width = user.vectors.weight.shape[1]
    with torch.no_grad():
        directions = torch.randn(user.vectors.weight.shape) / max(width, 1) ** 0.5
        directions[0] = 0.0
        user.vectors.weight.copy_(directions)
        item.vectors.weight[:, :width] = directions
        item.vectors.weight[:, width:] = 0.0


def fit_recall(
    user: RecallUsers,
    item: RecallItems,
    examples: Examples,
    rows: Index,
    config: TrainingConfig,
    epochs: int,
    rate: float,
) -> float:
    """Softmax over all items towards the supports of the rows; changes the recall tables in place.

    Returns the mean loss of the last epoch (0 when there is nothing to bring back).
    """
    rows = rows[np.diff(examples.histories.offsets)[rows] > 0]
    rows = even_sample(rows, config.recall_steps * config.recall_batch_size)
    codes, weights = supports_of(user, examples, rows)
    live = torch.unique(codes[weights > 0])
    if not len(live):
        return 0.0
    place_of, rows_of = tables_of(live, item.vectors.num_embeddings)
    history, items = (nn.Parameter(side.vectors.weight.detach()[rows_of]) for side in (user, item))
    random = np.random.default_rng([config.seed, len(rows)])
    optimiser = torch.optim.Adam([history, items, user.scale], lr=rate, fused=True)
    pieces = max(round(len(rows) / config.recall_batch_size), 1)
    losses = [0.0]
    steps = min(max(pieces * epochs, FEWEST_STEPS), config.recall_steps)
    for step in range(steps):
        if step % pieces == 0:
            batches, losses = np.array_split(random.permutation(len(rows)), pieces), []
        batch = torch.from_numpy(batches[step % pieces])
        sample = 1 + random.permutation(len(live))[: config.negatives]
        users = user.recalled(history, place_of[codes[batch]], weights[batch])  # [B, R]
        rest = len(examples.catalogue) - len(live)
        loss = recall_loss(users, items, place_of[codes[batch]], weights[batch], sample, rest)
        descend(optimiser, loss, rate * decay((step + 1) / steps))
        losses.append(loss.item())
    with torch.no_grad():
        user.vectors.weight[live], item.vectors.weight[live] = history[1:], items[1:]
    return float(np.mean(losses))


def tables_of(live: Tensor, codes: int) -> tuple[Tensor, Tensor]:
    """Place [C] of each code in tables of the live ones alone, and the code [1 + live] of each place; 0 is no item.

    Only these rows change, so only these are stepped.
    """
    place_of = torch.zeros(codes, dtype=torch.int64)
    place_of[live] = torch.arange(1, len(live) + 1)
    return place_of, torch.cat([torch.zeros(1, dtype=torch.int64), live])


def recall_loss(users: Tensor, items: Tensor, own: Tensor, weights: Tensor, sample: Index, rest: int) -> Tensor:
    """Cross-entropy of users [B, R] towards their `own` items (places in `items`, weights; [B, M]) against a sample.

    The `rest` of the catalogue, which no support holds, stands at logit 0 and keeps the others where they belong.
    """
    in_sample = np.full(len(items), -1, np.int64)
    in_sample[sample] = np.arange(len(sample))
    hits = mark(in_sample, np.where(weights.numpy() > 0, own.numpy(), -1), len(sample))
    log_q = torch.full((len(sample),), float(np.log(len(sample) / (len(items) - 1))))
    targets = weights.masked_fill(weights <= 0, -1.0)
    return sampled_softmax(users, items[own], targets, items[torch.from_numpy(sample)], log_q, hits, max(rest, 1))
