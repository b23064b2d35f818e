"""Runs the project's own evaluation models on given lists, in a dbt project that has nothing else in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import yaml
from helpers.dbt_runner import Outcome, invoke

REPOSITORY = Path(__file__).resolve().parents[2]
RECOMMENDERS = ["popularity", "recent_popularity", "own_most_bought", "item_knn", "ease", "als"]
LIST_TYPES = {
    "model": "varchar", "policy": "varchar", "user_id": "varchar", "rank": "integer", "item_id": "varchar",
    "score": "double", "run_id": "varchar", "source": "varchar",
}  # fmt: skip
TARGET_TYPES = {
    "cutoff": "integer", "user_id": "varchar", "item_id": "varchar", "is_repeat": "boolean", "is_measured": "boolean",
}  # fmt: skip
CANDIDATE_TYPES = {
    "user_id": "varchar", "item_id": "varchar", "is_repeat": "boolean", "chance": "double", "tower_score": "double",
}  # fmt: skip
ITEM_TYPES = {
    "cutoff": "integer", "item_id": "varchar", "interactions": "double", "users": "double", "recent_users": "double",
    "days_since_first": "double",
}  # fmt: skip
EVENT_TYPES = {
    "user_id": "varchar", "item_id": "varchar", "event_at": "timestamp", "order_id": "varchar",
    "window_number": "integer",
}  # fmt: skip
USER_VECTOR_TYPES = {
    "stage": "varchar", "user_id": "varchar", "run_id": "varchar", "source": "varchar", "embedding": "float[512]",
}  # fmt: skip
NEIGHBOUR_TYPES = {"stage": "varchar", "item_id": "varchar", "neighbour_id": "varchar", "similarity": "double"}
TYPES = {
    "evaluation_recommendations": LIST_TYPES,
    "evaluated_candidates": CANDIDATE_TYPES,
    "cutoff_targets": TARGET_TYPES,
    "user_histories": {"cutoff": "integer", "user_id": "varchar", "item_id": "varchar", "recency_weight": "double"},
    "item_features": ITEM_TYPES,
    "item_categories": {
        "item_id": "varchar",
        "category": "varchar",
        "kind": "varchar",
        "relative_value": "double",
    },
    "interaction_splits": EVENT_TYPES,
    "stages": {"stage": "varchar", "cutoff": "integer", "now_at": "timestamp"},
    "cutoffs": {"cutoff": "integer", "known_users": "bigint"},
    "user_features": {"cutoff": "integer", "user_id": "varchar", "recent_items": "double"},
    "item_neighbours": NEIGHBOUR_TYPES,
    "item_traits": {"item_id": "varchar", "trait": "varchar"},
    "user_segments": {"user_id": "varchar", "segment": "varchar"},
    "unavailable_items": {"segment": "varchar", "item_id": "varchar"},
    "user_embeddings": USER_VECTOR_TYPES,
} | dict.fromkeys(RECOMMENDERS, LIST_TYPES)
VARS = {
    "two_tower_seed": 0,
    "two_tower_evaluation_k": 50,
    "two_tower_policies": ["allow_repeats"],
    "two_tower_ks": [5, 10],
    "two_tower_gate_k": 10,
    "two_tower_own_baselines": [],
    "two_tower_min_recall": {},
    "two_tower_min_lift_over_als": {},
    "two_tower_min_lift_over_popularity": {},
    "two_tower_min_list_lift": {},
    "two_tower_max_calibration_error": 0.2,
}


@dataclass(frozen=True)
class Evaluation:
    """A folder with a dbt project of which only models/evaluation, macros and tests are the real ones."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, tables: dict[str, pd.DataFrame], **variables: object) -> Evaluation:
        """Write the project; upstream tables that are not given are empty, columns null."""
        (folder / "models" / "upstream").mkdir(parents=True)
        for part in ("models/evaluation", "macros", "tests/dbt/generic"):
            shutil.copytree(REPOSITORY / part, folder / part)
        for file in ("models/terms.md", "tests/dbt/chances_are_what_happens.sql"):
            shutil.copy(REPOSITORY / file, folder / file)
        for name, types in TYPES.items():
            table = tables.get(name, pd.DataFrame())
            if name == "cutoff_targets":
                table = table.assign(is_measured=table.cutoff == 1)  # all users of the test window
            table.reindex(columns=list(types)).to_parquet(folder / f"{name}.parquet")
            columns = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types.items())
            query = f"select {columns} from read_parquet('{folder / name}.parquet')"
            (folder / "models" / "upstream" / f"{name}.sql").write_text(query)
        (folder / "models" / "upstream" / "publication.sql").write_text("select 1 as set_id")  # which gates come after
        defaults = yaml.safe_load((REPOSITORY / "dbt_project.yml").read_text())["vars"]
        output = {"type": "duckdb", "path": str(folder / "evaluation.duckdb"), "threads": 2}
        output["plugins"] = [{"module": "two_tower.python_udfs.plugin"}]
        profile = {"two_tower": {"target": "test", "outputs": {"test": output}}}
        project = {
            "name": "two_tower", "version": "0.0.0", "profile": "two_tower", "test-paths": ["tests/dbt"],
            "models": {"+materialized": "table"}, "vars": defaults | VARS | variables,
            "flags": {"send_anonymous_usage_stats": False},
        }  # fmt: skip
        (folder / "profiles.yml").write_text(yaml.safe_dump(profile))
        (folder / "dbt_project.yml").write_text(yaml.safe_dump(project))
        return cls(folder)

    def dbt(self, *arguments: str, **variables: object) -> Outcome:
        """Run `dbt <arguments>`; `variables` become --vars."""
        return invoke(self.folder, *arguments, "--vars", json.dumps(variables))

    def run(self) -> Evaluation:
        """Build the evaluation tables, without tests. Raises AssertionError with dbt's output."""
        self.dbt("run").must_pass()
        return self

    def table(self, name: str) -> pd.DataFrame:
        """Rows of a model that was built."""
        with duckdb.connect(self.folder / "evaluation.duckdb", read_only=True) as connection:
            return connection.table(name).df()
