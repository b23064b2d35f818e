"""What a row's columns say: the encoding of categories, numbers and vectors, shared by both towers.

Shapes: B rows, H hidden width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..inputs.arrays import Column

Scales = dict[str, tuple[float, float]]  # mean and deviation by column, see examples.scales


class Features(nn.Module):
    """What the columns of a row say, those that age and those that do not: inputs by name -> [B, H] each."""

    lengths: Tensor

    def __init__(self, columns: tuple[Column, ...], hidden: int, scales: Scales):
        super().__init__()
        self.hidden = hidden
        self.codes = [c.name for c in columns if c.kind == "category"]
        self.code_lists = [c.name for c in columns if c.kind == "categories"]
        self.vectors = [c.name for c in columns if c.kind == "vector"]
        numbers = [c for c in columns if c.kind == "number"]
        self.traits = Numbers([c.name for c in numbers if not c.changes], hidden, scales)
        self.behaviours = Numbers([c.name for c in numbers if c.changes], hidden, scales)
        self.tables = nn.ModuleDict()
        self.projections = nn.ModuleDict()
        self.missing = nn.ParameterDict()
        self.register_buffer("lengths", torch.tensor([scales[name][1] for name in self.vectors]))
        for column in columns:
            if column.kind in ("category", "categories"):
                self.tables[module_name(column.name)] = table(column.size, hidden, 0.05)
            elif column.kind == "vector":
                self.projections[module_name(column.name)] = nn.Linear(column.size, hidden, bias=False)
                self.missing[module_name(column.name)] = nn.Parameter(torch.zeros(hidden))

    def behaviour(self, inputs: dict[str, Tensor]) -> Tensor:
        """The numbers that change from cutoff to cutoff: [B, H]."""
        numbers: Tensor = self.behaviours(inputs)
        return numbers

    def static_features(self, inputs: dict[str, Tensor]) -> Tensor:
        """The columns that do not age: [B, H]."""
        total: Tensor = self.traits(inputs)
        for name in self.codes:
            total = total + self.tables[module_name(name)](inputs[name])
        for name in self.code_lists:
            total = total + sum_of_known(self.tables[module_name(name)].get_parameter("weight"), inputs[name])
        for name, length in zip(self.vectors, self.lengths, strict=True):
            absent = (torch.isnan(inputs[name]) | torch.isinf(inputs[name])).any(1, keepdim=True) | length.isnan()
            known = torch.where(absent, torch.zeros_like(inputs[name]), inputs[name])
            scaled = known / length.nan_to_num(torch.inf)  # or long ones would drown the rest
            vector = self.projections[module_name(name)](scaled)
            total = total + torch.where(absent, self.missing[module_name(name)], vector)
        return total


class Numbers(nn.Module):
    """Numbers on a signed log scale, standardised and clamped, and which are missing: inputs by name -> [B, H].

    What never varied says nothing, what was never known is missing for good (`scales`).
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, names: list[str], hidden: int, scales: Scales):
        super().__init__()
        self.names, self.hidden = names, hidden
        self.register_buffer("mean", torch.tensor([scales[name][0] for name in names]))
        self.register_buffer("deviation", torch.tensor([scales[name][1] for name in names]))
        if names:
            self.network = nn.Sequential(nn.Linear(2 * len(names), hidden), nn.GELU(), nn.Linear(hidden, hidden))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """What the numbers say [B, H]; without any, zeros."""
        if not self.names:
            return torch.zeros(next(iter(inputs.values())).shape[0], self.hidden)
        raw = torch.stack([inputs[name] for name in self.names], 1)
        absent = torch.isnan(raw) | self.deviation.isnan()
        scaled = (signed_log(torch.nan_to_num(raw)) - self.mean) / self.deviation
        scaled = scaled.clamp(-10.0, 10.0).masked_fill(absent, 0.0)
        numbers: Tensor = self.network(torch.cat([scaled, absent.float()], 1))
        return numbers


def sum_of_known(vectors: Tensor, codes: Tensor) -> Tensor:
    """Sum [B, H] of the `vectors` [any, H] of the codes [B, any] that are not 0, over the root of their number.

    A mean would leave next to nothing of one telling word among many.
    """
    known = (codes > 0).float()
    if torch.compiler.is_exporting():
        total = (vectors[codes] * known.unsqueeze(-1)).sum(1)
    else:  # the fused kernel never builds one vector per code
        total = nn.functional.embedding_bag(codes, vectors, mode="sum", padding_idx=0)
    return total / known.sum(1, keepdim=True).clamp(min=1.0).sqrt()


def without_some(vectors: Tensor, share: float) -> Tensor:
    """Rows [B, any] of which a random share is zeros, so that what stands beside them learns to do without."""
    return vectors * (torch.rand(len(vectors), 1) >= share)


def signed_log(x: Tensor) -> Tensor:
    """log(1 + |x|) with the sign of x: long tails become short, zero stays zero."""
    return torch.sign(x) * torch.log1p(torch.abs(x))


def table(codes: int, width: int, deviation: float) -> nn.Embedding:
    """Vectors [codes, width], normal with a deviation; code 0 is no item and stays zero."""
    table = nn.Embedding(codes, width, padding_idx=0)
    nn.init.normal_(table.weight, 0.0, deviation) if deviation else nn.init.zeros_(table.weight)
    with torch.no_grad():
        table.weight[0] = 0.0
    return table


def silent(layer: nn.Linear) -> nn.Linear:
    """The layer with all zeros."""
    # a branch that starts silent cannot spoil what the others start from
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def module_name(name: str) -> str:
    """A column's name as that of a module, which may hold no dots, nor be an attribute of torch's, say `type`."""
    return "column_" + name.replace(".", "_dot_")
