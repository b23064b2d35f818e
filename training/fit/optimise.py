"""What every phase of a fit shares: the step, the course of the learning rate, and the row of the loss curve."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn


@dataclass
class Epoch:
    """One row of the loss curve."""

    epoch: int
    phase: str  # sequence or preference, the validation window held out; final, once it has joined
    loss: float
    seconds: float
    recall: dict[str, float] = field(default_factory=dict)  # validation recall@10 by policy; empty in the final phase

    def __str__(self) -> str:
        recall = ", ".join(f"recall@10 {policy} {value:.4f}" for policy, value in self.recall.items())
        return f"two_tower epoch {self.epoch} ({self.phase}): loss {self.loss:.3f} {recall} {self.seconds:.0f}s"


def decay(progress: float, warm: float = 0.02) -> float:
    """Factor on the learning rate: short warm-up, then cosine to a twentieth; progress runs from 0 to 1."""
    return min(1.0, progress / warm) * (0.525 + 0.475 * float(np.cos(np.pi * min(progress, 1.0))))


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    """One step down the loss at a learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


class Average:
    """Moving average of parameters, which ranks better than where the last steps happened to end (Polyak averaging)."""

    def __init__(self, parameters: list[nn.Parameter]):
        self.parameters = parameters
        self.stepped = [p.detach().clone() for p in parameters]
        self.mean = [p.detach().clone() for p in parameters]

    def resume(self) -> None:
        """Put back what the optimiser left, to step on."""
        self._set(self.stepped)

    def update(self, steps: int) -> None:
        """Take a step's result into the average over about so many steps."""
        torch._foreach_lerp_(self.mean, [p.detach() for p in self.parameters], 1 / steps)

    def settle(self) -> None:
        """Put in the average, to be measured and kept."""
        self.stepped = [p.detach().clone() for p in self.parameters]
        self._set(self.mean)

    def _set(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.parameters, values, strict=True):
                parameter.copy_(value)
