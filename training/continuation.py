"""Going on from the towers of an earlier run: what they know of every item and value that is still there.

Today's towers go on from those that were just fitted for the test. These go on from an earlier day's if only rows have
changed since (their `kin` is the same), and if those saw nothing later than what the new ones may see, so that no test
window leaks. Runs that may be gone on from keep their weights beside the ONNX files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from .features import Features, module_name
from .two_towers import TwoTowers

WEIGHTS = "towers.pt"
Codes = dict[str, dict[str, int]]  # code of each value, by feature: item.item_id, item.brand, user.age, ...


@dataclass(frozen=True)
class Start:
    """Towers of an earlier run: its settings and codes, its best epochs by phase, its weights."""

    settings: dict[str, Any]
    epochs: dict[str, int]
    codes: Codes
    state: dict[str, Tensor]

    @classmethod
    def read(cls, folder: Path) -> Start:
        """What `save` left in the folder of a run."""
        return cls(**torch.load(folder / WEIGHTS, weights_only=True))

    @classmethod
    def of(cls, towers: TwoTowers, codes: Codes) -> Start:
        """Towers that were just fitted."""
        return cls(towers.config.as_dict(), towers.epochs, codes, towers.state_dict())

    def save(self, folder: Path) -> Path:
        """Write WEIGHTS into the folder."""
        torch.save(vars(self), folder / WEIGHTS)
        return folder / WEIGHTS


def newest_run(own: Path, kin: str, as_of: str, most: int) -> Path | None:
    """Folder of the published run of the kin, beside the `own` one, that saw most, up to `as_of` (ISO).

    None if there is none, or if it is one of so many (`most`) days in a row that have gone on.
    """
    found: list[tuple[str, str, Path, int]] = []
    for path in sorted(own.parent.glob(f"[!.]*/{WEIGHTS}")):  # what is not finished yet has a dot before its name
        if path.parent == own or not (path.parent / "run.json").exists():
            continue
        about = metadata_of(path.parent)
        if about.get("kin") == kin and about["as_of"] <= as_of:
            found.append((about["as_of"], about["trained_at"], path.parent, int(about["continuations"])))
    *_, folder, count = max(found, default=("", "", None, 0))
    return folder if count < most else None


def metadata_of(folder: Path) -> dict[str, str]:
    """Texts of the rows of a run that are metadata, by name."""
    rows = json.loads((folder / "run.json").read_text())
    return {row["name"]: row["text"] for row in rows if row["kind"] == "metadata"}


def take_over(towers: TwoTowers, start: Start, codes: Codes) -> bool:
    """Put the weights of a start into towers of the same shape but for the codes, which may be others.

    What has had no code stays as it is at the start of a fit; where it is one number, it gets that of an unknown value.
    False, and nothing is put in, if the towers are built of other parts: users have come to have things again, say.
    """
    own = towers.state_dict()
    if own.keys() != start.state.keys():
        return False
    features = features_of_tables(towers)
    for name, weights in own.items():
        before = start.state[name]
        if name not in features:
            weights.copy_(before)
            continue
        new, old = codes.get(features[name], {}), start.codes.get(features[name], {})
        shared = sorted(new.keys() & old.keys())
        if weights.shape[1] == 1:
            weights[:] = before[0]
        weights[0] = before[0]
        if new == old:
            weights.copy_(before)
        elif shared:
            weights[[new[value] for value in shared]] = before[[old[value] for value in shared]]
    return True


def features_of_tables(towers: TwoTowers) -> dict[str, str]:
    """The feature of whose codes a table of vectors has its rows, by the name of its weights."""
    modules = dict(towers.named_modules())
    found = {f"{name}.weight": "item.item_id" for name, module in modules.items() if isinstance(module, nn.Embedding)}
    for name, module in modules.items():
        if isinstance(module, Features):
            entity = name.partition(".")[0]
            for column in (*module.codes, *module.code_lists):
                found[f"{name}.tables.{module_name(column)}.weight"] = f"{entity}.{column}"
    return found
