"""dbt-duckdb plugin: makes the project's functions callable from SQL.

In profiles.yml: `plugins: [{module: two_tower.python_udfs.plugin}]`. Outside dbt: `register(connection)`.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from dbt.adapters.duckdb.plugins import BasePlugin

from . import installation
from .arrays import plain
from .caps_and_pins import cap_and_pin
from .encoders.folders import describe
from .encoders.image import embed_image, picture_problem, picture_version
from .encoders.text import embed_text
from .explain.attribute_history import attribute_history
from .explain.history_reasons import RETURN_TYPE as REASONS
from .explain.history_reasons import history_reasons
from .publication.operations import OPERATIONS
from .statistics import bootstrap
from .statistics.significance import chi_square_p, normal_quantile
from .text_buckets import text_buckets
from .top_k.functions import RETURN_TYPE, top_k
from .towers.embed import embed
from .unusable_profile import refuse_database, refuse_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

SEE_NULL = {
    "embed_image",
    "embed_text",
    "picture_problem",
    "text_buckets",
}  # the others give NULL for NULL, and only then


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the functions on a connection and everything that shares its database; twice is once."""
    (threads,) = connection.execute("select current_setting('threads')").fetchall()[0]
    arrow: Any = "arrow"
    catalogue = connection.execute("select function_name from duckdb_functions()").fetchall()
    present = {name for (name,) in catalogue}
    for name, (function, parameters, return_type) in functions(int(threads)).items():
        if name not in present:
            nulls: Any = "special" if name in SEE_NULL else "default"
            made = function if parameters is None else of_plain_columns(function)
            connection.create_function(name, made, parameters, return_type, type=arrow, null_handling=nulls)
    if "two_tower_version" not in present:
        connection.create_function("two_tower_version", installation.version, [], "VARCHAR")
        connection.create_function("two_tower_missing_packages", installation.missing_packages, [], "VARCHAR[]")
        for name, (operation, texts) in OPERATIONS.items():  # what they give changes with the files
            connection.create_function(name, operation, ["VARCHAR"] * texts, "VARCHAR", side_effects=True)


def functions(threads: int) -> dict[str, tuple[Callable[..., Any], Any, str]]:
    """Functions of columns by name: what runs, the types of its parameters (None: any), the type of the result."""
    exact = of_any_columns(top_k, threads=threads)
    approximate = of_any_columns(top_k, threads=threads, approximate=True)
    return {
        "embed": (of_any_columns(embed, threads=threads), None, "FLOAT[]"),
        "top_k": (exact, None, RETURN_TYPE),
        "top_k_approximate": (approximate, None, RETURN_TYPE),
        "cap_and_pin": (cap_and_pin, ["INTEGER[]", "INTEGER[][]", "INTEGER", "INTEGER[]"], "INTEGER[]"),
        "history_reasons": (of_any_columns(history_reasons), None, REASONS),
        "attribute_history": (attribute_history, None, "FLOAT[][]"),
        "embed_text": (embed_text, ["VARCHAR", "VARCHAR"], "FLOAT[]"),
        "embed_image": (of_any_columns(embed_image), None, "FLOAT[]"),
        "picture_problem": (of_any_columns(picture_problem), None, "VARCHAR"),
        "picture_version": (of_any_columns(picture_version), None, "VARCHAR"),
        "encoder": (describe, ["VARCHAR"], "STRUCT(reads VARCHAR, version VARCHAR, dimension INTEGER)"),
        "text_buckets": (text_buckets, ["VARCHAR", "BIGINT"], "INTEGER[]"),
        "normal_quantile": (normal_quantile, ["DOUBLE"], "DOUBLE"),
        "chi_square_p": (chi_square_p, ["DOUBLE", "BIGINT"], "DOUBLE"),
        "bootstrap_interval": (bootstrap.interval, ["DOUBLE[]", "BIGINT"], "STRUCT(low DOUBLE, high DOUBLE)"),
        "bootstrap_ratio": (
            bootstrap.ratio,
            ["DOUBLE[]", "DOUBLE[]", "BIGINT"],
            "STRUCT(ratio DOUBLE, low DOUBLE, high DOUBLE)",
        ),
        "bootstrap_difference": (
            bootstrap.difference,
            ["DOUBLE[]", "DOUBLE[]", "BIGINT"],
            "STRUCT(difference DOUBLE, low DOUBLE, high DOUBLE)",
        ),
    }


def of_plain_columns(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its signature, which DuckDB reads, on columns as it has them by default."""

    @wraps(function)
    def made(*columns: Any) -> Any:
        return function(*map(plain, columns))

    return made


def of_any_columns(function: Callable[..., Any], **settings: Any) -> Callable[..., Any]:
    """The function, without annotations, which DuckDB would read: rows and vectors have another type in each model."""
    return lambda *columns: function(*map(plain, columns), **settings)


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name."""

    def initialize(self, config: dict[str, Any]) -> None:  # noqa: ARG002 (dbt-duckdb's signature)
        """Called before the database is opened. With `retries` in the profile, dbt-duckdb waits for it itself."""
        if self.creds:
            known = self.creds.settings or {}
            refuse_settings(known, self.creds.config_options or {}, are_all_known=not self.creds.extensions)
            refuse_database(self.creds.path, waits=bool(self.creds.retries))

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Called once per database connection, `dbt compile` included."""
        register(conn)
