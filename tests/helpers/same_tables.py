"""Whether two warehouses hold the same: keys and whole numbers equal, floats nearly, lists but for near ties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import yaml

REPO = Path(__file__).parents[2]
NEAR = 1e-5
# times, and what tells runs apart
OF_A_RUN = {"set_id", "previous_set_id", "published_at", "started_at", "run_id", "ranker_run_id", "bytes", "seconds"}
OF_LISTS = ("worth", "score", "similarity")  # what the places of a list go by, the first that a table has


def keys() -> dict[str, list[str]]:
    """Columns of the key of each model, by its tests."""
    found: dict[str, list[str]] = {}
    for path in sorted((REPO / "models").rglob("*.yml")):
        for model in (yaml.safe_load(path.read_text()) or {}).get("models", []):
            for test in model.get("data_tests", []):
                of_rows = test.get("rows_are_valid", {}) if isinstance(test, dict) else {}
                for key in of_rows.get("arguments", {}).get("keys", []):
                    found.setdefault(model["name"], key)
    return found


class Warehouses:
    """Two databases, side by side."""

    def __init__(self, one: Path, other: Path, schema: str = "main") -> None:
        self.connection = duckdb.connect()
        self.connection.execute(f"attach '{one}' as one (read_only)")
        self.connection.execute(f"attach '{other}' as other (read_only)")
        self.schema = schema
        self.keys = keys()

    def tables(self, database: str) -> set[str]:
        query = "select distinct table_name from duckdb_columns() where database_name = ? and schema_name = ?"
        return {name for (name,) in self.connection.execute(query, [database, self.schema]).fetchall()}

    def differences(self, leaving_out: set[str] | frozenset[str] = frozenset()) -> dict[str, str]:
        """What differs, by table; empty where all is the same."""
        one, other = self.tables("one"), self.tables("other")
        found = dict.fromkeys(one ^ other, "is in one of them alone")
        for name in sorted((one & other) - leaving_out):
            said = self.difference(name)
            if said:
                found[name] = said
        return found

    def difference(self, name: str) -> str:
        """What differs in a table, in words; empty where nothing does."""
        described = self.connection.execute(f"describe one.{self.schema}.{name}").fetchall()
        types = {column: kind for column, kind, *_ in described if column not in OF_A_RUN}
        floats = [column for column, kind in types.items() if "DOUBLE" in kind or "FLOAT" in kind]
        exact = [column for column in types if column not in floats]
        key = self.keys.get(name, exact)
        floats = [column for column in floats if column not in key]
        measure = next((column for column in OF_LISTS if column in floats), None) if "rank" in exact else None
        if measure and "rank" in key:
            places = self.unlike(name, key, [measure], [])
            members = {column for column in exact if column.endswith("_id")} | set(key) - {"rank"}
            others = [column for column in exact if column not in members and "rank" not in column]
            return places or self.unlike(name, sorted(members), floats, others, True)
        return self.unlike(name, key, floats, [column for column in exact if column not in key])

    def unlike(self, name: str, key: list[str], floats: list[str], exact: list[str], is_inner: bool = False) -> str:
        on = " and ".join(f'a."{column}" is not distinct from b."{column}"' for column in key)
        tests: dict[str, str] = {column: f'a."{column}" is distinct from b."{column}"' for column in exact}
        for column in floats:
            tests[column] = f'not coalesce({self.near(name, column)}, a."{column}" is null and b."{column}" is null)'
        if not is_inner:
            tests["a row"] = "a.there is null or b.there is null"
        counts = ", ".join(f"count(*) filter (where {test})" for test in tests.values())
        sides = [f"(select *, true as there from {side}.{self.schema}.{name})" for side in ("one", "other")]
        join = "inner" if is_inner else "full"
        query = f"select {counts or 0} from {sides[0]} as a {join} join {sides[1]} as b on {on}"
        row: tuple[Any, ...] = self.connection.execute(query).fetchall()[0]
        return ", ".join(f"{column} in {n} rows" for column, n in zip(tests, row, strict=False) if n)

    def near(self, name: str, column: str) -> str:
        """SQL: whether two numbers are near, or those of two lists, maps and structs."""
        a, b = f'a."{column}"', f'b."{column}"'
        query = f"select column_name, column_type from (describe one.{self.schema}.{name})"
        kind = dict(self.connection.execute(query).fetchall())[column]
        if kind in ("DOUBLE", "FLOAT"):
            return f"abs({a} - {b}) <= {NEAR} * greatest(1, abs({a}))"
        if kind.startswith("MAP"):
            return f"map_keys({a}) = map_keys({b}) and " + numbers_near(f"map_values({a})", f"map_values({b})")
        if kind.endswith("]"):
            return numbers_near(a, b)
        return f"{a} = {b}"


def numbers_near(a: str, b: str) -> str:
    zipped = f"list_zip(cast({a} as double[]), cast({b} as double[]))"
    alike = f"[abs(x[1] - x[2]) <= {NEAR} * greatest(1, abs(x[1])) for x in {zipped}]"
    return f"len({a}) = len({b}) and coalesce(list_bool_and({alike}), true)"
