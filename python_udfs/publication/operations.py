"""SQL functions about published sets, for `dbt run-operation`: text in, JSON out; `problem` says what was refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from functools import wraps
from pathlib import Path
from typing import Any

from .exports import Exports
from .files import PublishedFile
from .runs import Runs


def as_json(operation: Callable[..., Any]) -> Callable[..., str]:
    """The operation with JSON as its result, a refusal included."""

    @wraps(operation)  # DuckDB counts the parameters
    def made(*arguments: Any) -> str:
        try:
            return json.dumps(operation(*arguments))
        except (ValueError, OSError) as error:
            return json.dumps({"problem": str(error)})

    return made


def published_set(path: str) -> dict[str, str]:
    """The set that readers see, by column; empty before the first publication."""
    return PublishedFile(Path(path)).described()


def rollback(path: str, set_id: str, exports: str, keep: str) -> dict[str, dict[str, str]]:
    """Publish a set of the archive again, the one before the served where `set_id` is empty; both sets.

    exports: folder of the exports, to which the set is exported again; empty for none. keep: most exports besides it.
    """
    file = PublishedFile(Path(path))
    before = file.described()
    if not before:
        raise ValueError(f"'{path}' is not there: nothing was published yet")
    wanted = set_id or before["previous_set_id"]
    if wanted not in file.kept():
        kept = ", ".join(file.kept())
        raise ValueError(f"set {wanted or 'before the first'} is not in the archive, which has {kept}")
    file.described(file.place(wanted))  # which refuses what cannot be read
    with Exports(Path(exports)).next_of(file.place(wanted), int(keep)) if exports else nullcontext():
        file.put_back(wanted)
    return {"before": before, "now": file.described()}


def listed(path: str, model_dir: str) -> dict[str, list[dict[str, str]]]:
    """Sets of the archive and training runs of the folder of models, newest first, each with its status."""
    file = PublishedFile(Path(path))
    served = file.described()
    kept = [file.described(file.place(set_id)) for set_id in reversed(file.kept())]
    sets = [found | {"status": "published" if found["set_id"] == served["set_id"] else "kept"} for found in kept]
    return {"sets": sets, "runs": Runs(Path(model_dir)).listed(file.run_ids(file.path), _runs_of(file))}


def judged(model_dir: str, run_ids: str, failed: str) -> dict[str, list[str]]:
    """Write down the messages of gates that runs (by commas) failed, a JSON list; the newer runs that failed theirs."""
    runs = Runs(Path(model_dir))
    runs.judge(run_ids.split(","), json.loads(failed))
    return {"failed_since": runs.failed_since(run_ids.split(","))}


def good_set(path: str, model_dir: str, run_ids: str, pinned: str, unfinished: str) -> dict[str, str]:
    """The set whose training a refresh goes on with in place of `run_ids`, and its path; empty where these may go on.

    They may not where another run is pinned, where they have failed their gates, or where they do not belong together
    (`unfinished` is not empty). That is then the newest set of the pinned run, or the set that readers see.
    """
    runs, failed = set(run_ids.split(",")), set(Runs(Path(model_dir)).failed())
    may_go_on = pinned in runs or not (pinned or failed & runs)
    if may_go_on and not unfinished:
        return {}
    file = PublishedFile(Path(path))
    for place in [file.path, *(file.place(set_id) for set_id in reversed(file.kept()))]:
        found = file.described(place)
        if found and (not pinned or pinned in (found["towers_run_id"], found["ranker_run_id"])):
            return found | {"path": str(place)}
    return {}


def forget(path: str, exports: str, model_dir: str) -> dict[str, list[str]]:
    """Delete the files from which a person cannot be deleted; the names of the deleted.

    Sets and exports but for the newest, of which the next publication deletes the set, too; and the lists that
    baselines keep for the next training.
    """
    kept_lists = sorted(Path(model_dir).glob("baselines/*.parquet"))
    for lists in kept_lists:
        lists.unlink()
    file = PublishedFile(Path(path)) if path else None
    sets = file.forget() if file and file.described() else []
    gone = Exports(Path(exports)).drop(1) if exports else []
    return {"sets": sets, "exports": gone, "lists of baselines": [lists.stem for lists in kept_lists]}


def prune(path: str, model_dir: str, keep: str, in_use: str) -> dict[str, list[str]]:
    """Delete leftovers of killed runs, and sets and training runs beyond the `keep` newest; names of what is gone.

    in_use: run ids that are used otherwise, by commas. What is served or in a set that is kept stays, too.
    """
    number = int(keep)
    if number < 0:
        raise ValueError(f"keep is {number}, and must not be below 0")
    file = PublishedFile(Path(path)) if path else None
    left = file.unfinished() if file else []
    for leftover in left:
        leftover.unlink(missing_ok=True)
    sets = file.drop(number) if file else []
    used = set(in_use.split(",")) | (_runs_of(file) if file else set())
    runs = Runs(Path(model_dir))
    leftovers = [found.name for found in left] + runs.remove_unfinished()
    return {"leftovers": leftovers, "sets": sets, "runs": runs.drop(number, used)}


def _runs_of(file: PublishedFile) -> set[str]:
    """Runs in the registries of the sets of the archive and of the served one."""
    paths: Iterable[Path] = [file.path, *(file.place(set_id) for set_id in file.kept())]
    return set().union(*(file.run_ids(path) for path in paths))


OPERATIONS: dict[str, tuple[Callable[..., str], int]] = {  # and the number of texts that each takes
    "two_tower_published_set": (as_json(published_set), 1),
    "two_tower_rollback": (as_json(rollback), 4),
    "two_tower_runs": (as_json(listed), 2),
    "two_tower_judged": (as_json(judged), 3),
    "two_tower_good_set": (as_json(good_set), 5),
    "two_tower_forget": (as_json(forget), 3),
    "two_tower_prune": (as_json(prune), 4),
}
