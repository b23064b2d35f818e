"""What of the distribution is installed: SQL functions `two_tower_version()` and `two_tower_missing_packages()`."""

from __future__ import annotations

import re
from importlib import metadata

DISTRIBUTION = "two-tower"


def version() -> str:
    """Version of the installed distribution; the dbt package wants the same."""
    return metadata.version(DISTRIBUTION)


def missing_packages() -> list[str]:
    """Packages of the `train` extra that are not installed. Looks at names only: nothing is imported."""
    wanted = [line for line in metadata.requires(DISTRIBUTION) or [] if re.search(r"extra == ['\"]train['\"]", line)]
    return [name for line in wanted if not _is_installed(name := re.split(r"[^\w.-]", line)[0])]


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
