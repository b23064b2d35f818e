"""Going on from the towers of an earlier run: what they know of every item and value that is still there.

An earlier run can be gone on from if only rows have changed since (its `kin` is the same), and if it saw nothing later
than what the new one may see, so that no test window leaks. Beside the ONNX files, such runs keep their weights.
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
    """Towers of an earlier run. count: runs since the last one that started afresh, that one left out."""

    run_id: str
    count: int
    settings: dict[str, Any]
    epochs: dict[str, int]
    codes: Codes
    state: dict[str, Tensor]


def save_start(towers: TwoTowers, codes: Codes, folder: Path) -> None:
    """Keep what a later run needs to go on, as WEIGHTS in the folder."""
    kept = {"settings": towers.config.as_dict(), "epochs": towers.epochs, "codes": codes, "state": towers.state_dict()}
    torch.save(kept, folder / WEIGHTS)


def newest_start(model_dir: Path, kin: str, as_of: str, most: int) -> Start | None:
    """The published run of the kin that saw most, up to `as_of` (ISO); None if there is none to go on from.

    most: count from which a run has to start afresh.
    """
    found: list[tuple[str, str, str, int]] = []
    for path in sorted(model_dir.glob(f"*/{WEIGHTS}")):
        rows = json.loads((path.parent / "run.json").read_text())
        about = {row["name"]: row["text"] for row in rows if row["kind"] == "metadata"}
        if about["kin"] == kin and about["as_of"] <= as_of:
            found.append((about["as_of"], about["trained_at"], path.parent.name, int(about["continuations"])))
    if not found:
        return None
    *_, run_id, count = max(found)
    if count >= most:
        return None
    return Start(run_id, count, **torch.load(model_dir / run_id / WEIGHTS, weights_only=True))


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
