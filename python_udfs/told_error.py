"""An error that is told by its text alone: dbt-duckdb shows the traceback of an error of a Python model."""

from __future__ import annotations


class ToldError(Exception):
    """Cause and remedy in two lines."""

    __module__ = "builtins"  # which are named without their module

    @property
    def __traceback__(self) -> None:
        """None, whatever was raised on the way."""
        return None

    @__traceback__.setter
    def __traceback__(self, value: object) -> None:
        """What the interpreter keeps is not shown."""
