"""The ranker: how likely a user takes a candidate within the next window, by all that is known of the pair.

A small network over the signals of macro `signals`. Several are fitted, each without a share of the users: what they
say of those is what is known of their quality, their mean is what serves. Cross-entropy makes it a chance, not just an
order. Where the order is not clearly better than that of the towers, theirs stands, turned into chances.
Shapes: n pairs, S signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..config import TrainingConfig
from ..fit.optimise import decay, descend
from ..fit.validation import is_clearly_better
from ..model.features import signed_log, silent

K = 10
STEPS = (400, 2000)  # of one network: at least, and at most
WIDTHS = (64, 32)
TOWER_SCORE = "tower_score"  # for the towers' order; the ranker reads its parts
POPULARITY = "item_recent_users"
LEAST_SLOPE = 0.05  # of log-odds over a deviation of the score: an order stays an order where it says nothing
RIDGE = 1e-5  # on squared slopes, so that they end where a score tells all
Floats = NDArray[np.float32]
Scores = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Pairs:
    """Candidates of users whose next window is known.

    signals [n, S], NaN where there is nothing to know, by `names`; taken [n]; repeat [n]: had before; user [n]: number
    of the user; wanted [n]: how many items the user takes in the window, candidates or not; list_of [n]: number of the
    list of one user in one window, -1 for a window of which there are only repeats.
    """

    names: tuple[str, ...]
    signals: Floats
    taken: NDArray[np.bool_]
    repeat: NDArray[np.bool_]
    user: NDArray[np.int64]
    wanted: NDArray[np.int64]
    list_of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.taken)

    def tower_scores(self) -> NDArray[np.float64]:
        """The dot product of each pair, by popularity far below where a user has none."""
        scores = self.signals[:, self.names.index(TOWER_SCORE)].astype(np.float64)
        popularity = np.log1p(np.nan_to_num(self.signals[:, self.names.index(POPULARITY)]).astype(np.float64))
        found: NDArray[np.float64] = np.where(np.isnan(scores), popularity - 1e6, scores)
        return found


class Ranker(nn.Module):
    """Signals [n] each -> chance [n, 1]: the mean of the networks."""

    mean: Tensor
    deviation: Tensor
    sometimes: Tensor

    def __init__(self, names: tuple[str, ...], signals: Floats, networks: int, dropout: float):
        super().__init__()
        self.read = [place for place, name in enumerate(names) if name != TOWER_SCORE]
        mean, deviation = scales_of(signals[:, self.read])
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("deviation", torch.from_numpy(deviation))
        absent = np.isnan(signals[:, self.read])  # that a signal is missing says something only where others had it
        self.register_buffer("sometimes", torch.from_numpy((absent.any(0) & ~absent.all(0)).astype(np.float32)))
        self.networks = nn.ModuleList(Network(2 * len(self.read), dropout) for _ in range(networks))

    def forward(self, *signals: Tensor) -> Tensor:
        """Chances [n, 1]."""
        inputs = self.scaled(torch.stack([signals[place] for place in self.read], 1))
        return torch.stack([torch.sigmoid(network(inputs)) for network in self.networks]).mean(0)

    def scaled(self, signals: Tensor) -> Tensor:
        """Signals [n, S] on a signed log scale, standardised and clamped, and which are missing: [n, 2 S]."""
        absent = torch.isnan(signals)
        scaled = (signed_log(torch.nan_to_num(signals)) - self.mean) / self.deviation
        return torch.cat([scaled.clamp(-5.0, 5.0).masked_fill(absent, 0.0), absent * self.sometimes], 1)


class Network(nn.Module):
    """A linear model and a small network beside it, which starts silent: log-odds [n, 1] of scaled signals [n, 2 S]."""

    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.linear = silent(nn.Linear(width, 1))
        self.network = nn.Sequential(
            nn.Linear(width, WIDTHS[0]), nn.GELU(), nn.Dropout(dropout), nn.Linear(WIDTHS[0], WIDTHS[1]), nn.GELU(),
            silent(nn.Linear(WIDTHS[1], 1)),
        )  # fmt: skip

    def forward(self, inputs: Tensor) -> Tensor:
        """[n, 1]."""
        odds: Tensor = self.linear(inputs) + self.network(inputs)
        return odds


class TowerOrder(nn.Module):
    """The towers' order as chances [n, 1]: log-odds that rise with the dot product, or with popularity without one."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, names: tuple[str, ...], signals: Floats):
        super().__init__()
        self.score, self.popularity = names.index(TOWER_SCORE), names.index(POPULARITY)
        popular = np.log1p(np.nan_to_num(signals[:, [self.popularity]]))
        mean, deviation = moments(np.concatenate([signals[:, [self.score]], popular], 1))
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("deviation", torch.from_numpy(np.where(np.isinf(deviation), 1, deviation)))
        self.slopes = nn.Parameter(torch.zeros(2))  # logarithms
        self.offsets = nn.Parameter(torch.full((2,), -4.0))

    def forward(self, *signals: Tensor) -> Tensor:
        """Chances [n, 1]."""
        return torch.sigmoid(self.odds(signals)).unsqueeze(1)

    def odds(self, signals: tuple[Tensor, ...]) -> Tensor:
        """Log-odds [n]."""
        scores = signals[self.score]
        popular = torch.log1p(torch.nan_to_num(signals[self.popularity]))
        both = torch.stack([torch.nan_to_num(scores), popular], 1)
        odds = (LEAST_SLOPE + self.slopes.exp()) * (both - self.mean) / self.deviation + self.offsets
        return torch.where(torch.isnan(scores), odds[:, 1], odds[:, 0])


@dataclass(frozen=True)
class Fitted:
    """What serves, by what it orders (`ranker` or `towers`), and recalls@10 of both by users not learned from."""

    model: Ranker | TowerOrder
    order_by: str
    by_ranker: NDArray[np.float64]
    by_towers: NDArray[np.float64]

    @property
    def ranker_recall(self) -> float:
        """Mean over users, 0 without any."""
        return float(self.by_ranker.mean()) if len(self.by_ranker) else 0.0

    @property
    def towers_recall(self) -> float:
        """The same of the towers' order."""
        return float(self.by_towers.mean()) if len(self.by_towers) else 0.0


def fit_ranker(pairs: Pairs, config: TrainingConfig, log: Callable[[str], None]) -> Fitted:
    """Fit the networks, compare on the users that each has not seen, and keep what is better."""
    ranker = Ranker(pairs.names, pairs.signals, config.ranker_folds, config.ranker_dropout)
    random = np.random.default_rng(config.seed)
    folds = (random.permutation(int(pairs.user.max(initial=0)) + 1) % config.ranker_folds)[pairs.user]
    inputs = ranker.scaled(torch.from_numpy(pairs.signals[:, ranker.read]))
    taken = torch.from_numpy(pairs.taken.astype(np.float32)).unsqueeze(1)
    unseen = np.zeros(len(pairs), np.float32)
    for fold, network in enumerate(ranker.networks):
        assert isinstance(network, Network)
        _fit_network(network, inputs, taken, np.flatnonzero(folds != fold), config, random)
        held = np.flatnonzero(folds == fold)
        with torch.inference_mode():
            unseen[held] = network.eval()(inputs[torch.from_numpy(held)]).squeeze(1).numpy()
    by_ranker, by_towers = recalls(pairs, unseen), recalls(pairs, pairs.tower_scores())
    is_better = is_clearly_better(by_ranker, by_towers)
    model = ranker.eval() if is_better else _fit_tower_order(TowerOrder(pairs.names, pairs.signals), pairs).eval()
    fitted = Fitted(model, "ranker" if is_better else "towers", by_ranker, by_towers)
    log(
        f"two_tower: on users that it has not learned from the ranker has recall@10 {fitted.ranker_recall:.4f}, the "
        f"towers' order {fitted.towers_recall:.4f}: lists are ordered by the {fitted.order_by}"
    )
    return fitted


def recalls(pairs: Pairs, scores: Scores) -> NDArray[np.float64]:
    """Recall@10 of each list for what the user never had; where things are had again, the mean of that and of all."""
    unseen = _recalls(pairs, scores, ~pairs.repeat)
    if not (pairs.repeat & pairs.taken).any():
        return unseen
    everything = _recalls(pairs, scores, np.ones(len(pairs), np.bool_))
    return (everything + np.where(np.isnan(unseen), everything, unseen)) / 2


def scales_of(signals: Floats) -> tuple[Floats, Floats]:
    """Mean and deviation [S] on the signed log scale; infinite where nothing varies, for then it must say nothing."""
    return moments(np.sign(signals) * np.log1p(np.abs(signals)))


def moments(values: Scores) -> tuple[Floats, Floats]:
    """Mean and deviation [S] of what is known of the columns; the deviation is infinite where nothing varies."""
    known = ~np.isnan(values)
    count = known.sum(0).clip(1)
    mean = np.where(known, values, 0).sum(0, dtype=np.float64) / count
    deviation = np.sqrt((np.where(known, values - mean, 0) ** 2).sum(0) / count)
    return mean.astype(np.float32), np.where(deviation > 1e-6, deviation, np.inf).astype(np.float32)


def _fit_network(
    network: Network, inputs: Tensor, taken: Tensor, rows: NDArray[np.int64], config: TrainingConfig,
    random: np.random.Generator,
) -> None:  # fmt: skip
    if not len(rows):
        return
    share = float(taken[torch.from_numpy(rows)].mean())
    with torch.no_grad():
        network.linear.bias.fill_(float(np.log(max(share, 1e-6) / max(1 - share, 1e-6))))
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=config.ranker_weight_decay, fused=True)
    pieces = -(-len(rows) // config.ranker_batch_size)
    steps = min(max(pieces * config.ranker_epochs, STEPS[0]), STEPS[1])
    network.train()
    for step in range(steps):
        if step % pieces == 0:
            batches = np.array_split(random.permutation(rows), pieces)
        batch = torch.from_numpy(batches[step % pieces])
        loss = nn.functional.binary_cross_entropy_with_logits(network(inputs[batch]), taken[batch])
        descend(optimiser, loss, config.ranker_learning_rate * decay((step + 1) / steps, warm=0.1))


def _fit_tower_order(order: TowerOrder, pairs: Pairs) -> TowerOrder:
    """Four numbers by Newton's kind of steps (L-BFGS) on the cross-entropy."""
    signals = tuple(torch.from_numpy(np.ascontiguousarray(column)) for column in pairs.signals.T)
    taken = torch.from_numpy(pairs.taken.astype(np.float32))
    optimiser = torch.optim.LBFGS(order.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(order.odds(signals), taken)
        loss = loss + RIDGE * order.slopes.exp().square().sum()
        loss.backward()
        return loss

    if len(pairs):
        optimiser.step(closure)
    return order


def _recalls(pairs: Pairs, scores: Scores, allowed: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Recall@10 of each list among the allowed pairs, NaN where nothing of what the user takes is allowed."""
    lists = int(pairs.list_of.max(initial=-1)) + 1
    judged = np.flatnonzero(pairs.list_of >= 0)
    rows = judged[allowed[judged]]
    rows = rows[np.lexsort((-scores[rows], pairs.list_of[rows]))]
    counts = np.bincount(pairs.list_of[rows], minlength=lists)
    rank = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = rows[rank < K]
    hits = np.bincount(pairs.list_of[first], pairs.taken[first], minlength=lists)
    wanted = np.zeros(lists)
    wanted[pairs.list_of[judged]] = pairs.wanted[judged]
    # repeats, which are all candidates
    had = np.bincount(pairs.list_of[judged], pairs.taken[judged] & ~allowed[judged], minlength=lists)
    left = wanted - had
    found: NDArray[np.float64] = np.where(left > 0, hits / np.minimum(K, np.maximum(left, 1)), np.nan)
    return found
