"""Where each part stands in an embedding; the only place that knows."""

from __future__ import annotations

from dataclasses import dataclass

from ..config import TrainingConfig
from ..inputs.examples import Examples

FEWEST_REPEATS = 0.05  # share of targets that the user already had


@dataclass(frozen=True)
class Layout:
    """Lengths of an embedding's parts [sequence, factors, features, bias, unused]; the first may be missing (0)."""

    sequence: int
    factors: int
    features: int
    unused: int = 0  # zeros at the end

    @property
    def parts(self) -> dict[str, slice]:
        """Place of each part by name."""
        ends = [self.sequence, self.sequence + self.factors, self.sequence + self.factors + self.features]
        return {
            "sequence": slice(0, ends[0]), "factors": slice(ends[0], ends[1]), "features": slice(ends[1], ends[2]),
            "bias": slice(ends[2], ends[2] + 1),
        }  # fmt: skip

    @property
    def vectors(self) -> slice:
        """Factors and features: what stands for an item's audience."""
        return slice(self.sequence, self.sequence + self.factors + self.features)


def layout_of(examples: Examples, config: TrainingConfig) -> Layout:
    """The parts that a shop needs: a sequence part only where histories have an order and nothing is had twice."""
    if has_repeats(examples):
        factors = min(config.factors(0), config.factors_of_repeats)
        return Layout(0, factors, config.features, config.factors(0) - factors)
    sequence = config.longest_sequence
    return Layout(sequence, config.factors(sequence), config.features)


def has_repeats(examples: Examples) -> bool:
    """Whether users have things again."""
    return float(examples.repeated.values.sum()) >= FEWEST_REPEATS * len(examples.targets.values)
