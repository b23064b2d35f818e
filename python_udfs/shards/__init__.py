"""dbt-duckdb plugin that makes models by user.

In profiles.yml: `plugins: [..., {module: two_tower.python_udfs.shards, config: {engine: processes}}]`.
"""

from .plugin import Plugin

__all__ = ["Plugin"]
