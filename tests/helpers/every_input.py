"""A team's project that names every input, each a view on a table of the schema raw, which tests change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml
from helpers.dbt_runner import REPO, Outcome, invoke
from jinja2 import Environment

NAMES = {
    "interactions": "fct_purchases",
    "users": "dim_customers",
    "items": "dim_products",
    "reviews": "ratings",
    "item_availability": "stock",
    "user_exclusions": "complaints",
    "merchandising_rules": "campaigns",
    "exposures": "mails",
    "outcomes": "orders",
}
# the model of ours that reads each input
READERS = {
    "interactions": "stg_interactions",
    "users": "stg_users",
    "items": "stg_items",
    "reviews": "stg_reviews",
    "item_availability": "unavailable_items",
    "user_exclusions": "excluded_items",
    "merchandising_rules": "active_rules",
    "exposures": "experiment_metrics",
    "outcomes": "experiment_metrics",
}
UNTRAINED = (
    "+experiment_results", "+experiment_assignments", "+item_reviews", "+bought_together", "+repeat_purchases",
    "+trending_items", "+popular_items", "+user_features", "+item_inputs", "+user_inputs",
)  # fmt: skip
SHOP = {
    "interactions": """
        select hash(n) % 120 as user_id, (hash(n) % 120) % 5 + 5 * (hash(n, 1) % 12) as item_id,
            timestamp '2026-01-01' + interval (n * 90) minute as event_at, 'purchase' as event_type,
            1 + n % 3 as quantity, 1.5 + hash(n, 3) % 9 as price
        from range(2000) as t(n)
    """,
    "users": "select range as user_id, 'club ' || range % 5 as club, 20.0 + range % 50 as age from range(120)",
    "items": "select range as item_id, 'shelf ' || range % 5 as shelf, 1.5 + range % 7 as list_price from range(60)",
    "reviews": """
        select range as user_id, range % 60 as item_id,
            timestamp '2026-02-01 10:00' + interval (range) hour as review_at,
            1.0 + range % 5 as rating, 'very nice thing' as text
        from range(120)
    """,
    "item_availability": """
        select range as item_id, null::varchar as segment, timestamp '2020-01-01' as available_from,
            null::timestamp as available_until
        from range(60)
    """,
    "user_exclusions": "select range as user_id, range % 60 as item_id from range(20)",
    "merchandising_rules": """
        select 'a' as rule_id, 'boost' as action, 7 as item_id, null::varchar as category, null::varchar as segment,
            null::integer as position, 1.0 as strength, null::timestamp as valid_from, null::timestamp as valid_until
    """,
    "exposures": """
        select 'mail' as experiment, range as user_id, if(range % 2 = 0, 'control', 'two_tower') as variant,
            timestamp '2026-04-01 10:00' as exposed_at
        from range(100)
    """,
    "outcomes": """
        select range % 120 as user_id, timestamp '2026-03-15 09:30' + interval (range * 3) hour as occurred_at,
            10.0 + range % 7 as revenue
        from range(400)
    """,
}
VARS: dict[str, Any] = {
    **{f"two_tower_{name}": model for name, model in NAMES.items()},
    "two_tower_category": "shelf",
    "two_tower_segment": "club",
    "two_tower_experiments": {"mail": {"control": 0.5, "two_tower": 0.5}},
    "two_tower_training_cutoffs": 2,
    "two_tower_test_days": 14,
    "two_tower_dim": 16,
    "two_tower_training": {"features": 4, "epochs": 1, "ranker_folds": 2, "ranker_epochs": 2, "threads": 1},
    "two_tower_min_recall": {"allow_repeats": 0.0, "unseen_only": 0.0},
    "two_tower_min_lift_over_als": {"allow_repeats": -1.0, "unseen_only": -1.0},
    "two_tower_min_lift_over_popularity": {"allow_repeats": -1.0, "unseen_only": -1.0},
    "two_tower_min_list_lift": {},
    "two_tower_max_calibration_error": 1000.0,
}  # fmt: skip


def known_inputs() -> dict[str, dict[str, dict[str, Any]]]:
    """The declaration of the inputs, as the macro returns it."""
    found: list[Any] = []
    text = (REPO / "macros" / "inputs" / "known_inputs.sql").read_text() + "{{ known_inputs() }}"
    environment = Environment(autoescape=False, extensions=["jinja2.ext.do"])
    environment.from_string(text).render({"return": found.append, "var": lambda _: ""})
    inputs: dict[str, dict[str, dict[str, Any]]] = found[0]
    return inputs


@dataclass
class Team:
    """The project in a folder. `tables` is what raw holds when a test begins."""

    folder: Path
    package: Path = REPO
    tables: dict[str, str] = field(default_factory=lambda: dict(SHOP))

    @property
    def database(self) -> Path:
        return self.folder / "my_shop.duckdb"

    def write(self, settings: dict[str, Any] | None = None, **variables: Any) -> Team:
        """Project, profile and models."""
        (self.folder / "models").mkdir(parents=True, exist_ok=True)
        project = {
            "name": "my_shop", "version": "1.0.0", "profile": "my_shop",
            "flags": {"send_anonymous_usage_stats": False, "require_ref_searches_node_package_before_root": True},
            "models": {"my_shop": {"+materialized": "view"}, "two_tower": {"+schema": "recommender"}},
            "vars": VARS | variables,
        }  # fmt: skip
        output = {
            "type": "duckdb", "path": str(self.database), "threads": 2, "settings": settings or {},
            "plugins": [{"module": "two_tower.python_udfs.plugin"}],
        }  # fmt: skip
        files = {
            "dbt_project.yml": project,
            "profiles.yml": {"my_shop": {"target": "dev", "outputs": {"dev": output}}},
            "packages.yml": {"packages": [{"local": os.path.relpath(self.package, self.folder)}]},
        }
        for name, content in files.items():
            (self.folder / name).write_text(yaml.safe_dump(content))
        for name in NAMES.values():
            (self.folder / "models" / f"{name}.sql").write_text(f"select * from raw.{name}")
        return self

    def fill(self, **tables: str) -> Team:
        """Tables of raw: those of the shop, and others in place of some."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("create schema if not exists raw")
            for name, query in {**self.tables, **tables}.items():
                connection.execute(f"create or replace table raw.{NAMES[name]} as {query}")
        return self

    def dbt(self, *arguments: str, **variables: Any) -> Outcome:
        """Run `dbt <arguments>`; `variables` become --vars."""
        given = ["--vars", json.dumps(variables)] if variables else []
        return invoke(self.folder, *arguments, *given)

    def read(self, *inputs: str, **variables: Any) -> Outcome:
        """Run the models that read these inputs, and the team's views."""
        readers = [f"two_tower,{READERS[name]}" for name in inputs]
        return self.dbt("run", "--select", "package:my_shop", *readers, **variables)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """The database, to be read, in the package's schema."""
        connection = duckdb.connect(str(self.database), read_only=True)
        connection.execute("use main_recommender")
        return connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in the package's schema."""
        with self.connect() as connection:
            return connection.sql(sql).fetchall()

    @contextmanager
    def holding(self, **tables: str) -> Iterator[Team]:
        """Other tables in place of some, and afterwards those of the shop again."""
        self.fill(**tables)
        try:
            yield self
        finally:
            self.fill()


INPUTS = known_inputs()
STRICT = ("interactions", "users", "items", "reviews")  # a faulty row stops the run; of the others it is left out
KEYS = [
    (name, key)
    for name, columns in INPUTS.items()
    for key in ("user_id", "item_id")
    if key in columns and name not in ("item_availability", "merchandising_rules", "users", "items")
]
TIMES = [(name, column) for name, of in INPUTS.items() for column, wanted in of.items() if wanted["kind"] == "time"]
NUMBERS = [(name, column) for name, of in INPUTS.items() for column, wanted in of.items() if wanted["kind"] == "number"]
NEEDED = [
    (name, column)
    for name, of in INPUTS.items()
    for column, wanted in of.items()
    if "otherwise" not in wanted and not wanted.get("nullable")
]


def spoil(name: str, values: dict[str, str]) -> str:
    """The shop's table of an input with other values in some columns; `n` numbers the rows."""
    others = ", ".join(f"{value} as {column}" for column, value in values.items())
    return f"select * exclude (n) replace ({others}) from (select *, row_number() over () as n from ({SHOP[name]}))"


def where(name: str, column: str) -> str:
    """How a warning or an error names a column of an input."""
    return f"var two_tower_{name} ({NAMES[name]}), column {column}: "


def count(team: Team, name: str) -> int:
    """Rows of the model that reads an input."""
    ((rows,),) = team.rows(f"select count(*) from {READERS[name]}")
    return int(rows)
