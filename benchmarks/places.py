"""Where the project is. Importing this lets a script import what stands in tests/ and shops/, which are no packages."""

from __future__ import annotations

import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
DBT = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--no-use-colors"]  # a process of its own
sys.path += [str(PROJECT / "tests"), str(PROJECT / "shops")]
