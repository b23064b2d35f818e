"""Files of published sets: the one that readers open, and its archive.

Readers open `published.duckdb`. `published.duckdb.sets/000041.duckdb` is set 41 as it was published; the served set is
the same file on disk under a second name. `published.duckdb.000042.tmp` is a set that is being written.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import duckdb

SET = re.compile(r"(\d{6,})\.duckdb")


@dataclass(frozen=True)
class PublishedFile:
    """The file that readers open, whether it is there yet or not."""

    path: Path

    @property
    def archive(self) -> Path:
        """Folder of the sets that can be gone back to."""
        return self.path.with_name(self.path.name + ".sets")

    @property
    def forgets(self) -> Path:
        """A file that is there while the next publication is to keep no set before it: a person is forgotten."""
        return self.archive / "forget"

    def kept(self) -> list[str]:
        """Ids of the sets of the archive, oldest first."""
        found = (SET.fullmatch(path.name) for path in self.archive.glob("*.duckdb"))
        return sorted((match[1] for match in found if match), key=int)

    def place(self, set_id: str) -> Path:
        """File of a set in the archive."""
        return self.archive / f"{set_id}.duckdb"

    def unfinished(self) -> list[Path]:
        """What killed runs have left: sets half written, and links on their way."""
        beside = self.path.parent.glob(f"{self.path.name}.*.tmp*")
        return sorted([*beside, *self.archive.glob("*.tmp*")])

    def described(self, path: Path | None = None) -> dict[str, str]:
        """Columns of `published_set` of a file as text; empty without a file. Raises ValueError for another one."""
        path = path or self.path
        if not path.exists():
            return {}
        try:
            with duckdb.connect(str(path), read_only=True) as connection:
                where = "select schema_name from duckdb_tables() where table_name = 'published_set'"
                schemas = connection.execute(where).fetchall()
                if len(schemas) != 1:
                    raise ValueError(f"'{path}' is no published set of two_tower")
                found = connection.execute(f'select columns(*)::varchar from "{schemas[0][0]}".published_set')
                names = [column[0] for column in found.description or []]
                (row,) = found.fetchall()
                return {name: value or "" for name, value in zip(names, row, strict=True)}
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise ValueError(f"'{path}' cannot be read as a published set ({reason})") from None

    def run_ids(self, path: Path) -> set[str]:
        """Runs of towers and rankers in the registries of a set, of all stages."""
        about = self.described(path)
        if not about:
            return set()
        schema = about["schema_name"].replace('"', '""')
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = [f'select run_id from "{schema}".{table}' for table in ("model_registry", "ranker_registry")]
            return {run_id for (run_id,) in connection.execute(" union ".join(tables)).fetchall()}

    def next_id(self) -> str:
        """Id of the set to be written: one more than all there were, whatever the clock says."""
        served = self.described().get("set_id", "0")
        return f"{max(map(int, [*self.kept(), served])) + 1:06}"

    def being_written(self, set_id: str) -> Path:
        """A path to write a set to, in the folder where it will be published; deletes what killed runs have left."""
        for path in self.unfinished():
            path.unlink(missing_ok=True)
        return self.path.with_name(f"{self.path.name}.{set_id}.tmp")

    def put_in_place(self, written: Path, set_id: str, keep: int) -> None:
        """Publish a written set by one rename, once it is on disk and in the archive; then drop all beyond `keep`."""
        written.chmod(0o444)
        synced(written)
        self.archive.mkdir(exist_ok=True)
        self._served_into_archive()
        linked(written, self.place(set_id))
        synced(self.archive)
        written.replace(self.path)
        synced(self.path.parent)
        self.drop(keep)

    def put_back(self, set_id: str) -> None:
        """Publish a set of the archive again, by one rename."""
        self._served_into_archive()
        on_its_way = self.archive / f"{set_id}.{uuid4().hex[:8]}.tmp"
        linked(self.place(set_id), on_its_way)
        if on_its_way.samefile(self.path):  # a rename onto itself would leave the link
            on_its_way.unlink()
            return
        on_its_way.replace(self.path)
        synced(self.path.parent)

    def drop(self, keep: int) -> list[str]:
        """Delete the oldest sets of the archive beyond `keep`, never the one that is served; the ids of the deleted."""
        served = self.described().get("set_id", "")
        before = [set_id for set_id in self.kept() if set_id != served]
        gone = before[: max(0, len(before) - keep)]
        for set_id in gone:
            self.place(set_id).unlink(missing_ok=True)
        return gone

    def forget(self) -> list[str]:
        """Delete all sets but the served one, and let the next publication delete that one; the ids of the deleted."""
        self.archive.mkdir(exist_ok=True)
        self.forgets.touch()
        return self.drop(0)

    def _served_into_archive(self) -> None:
        served = self.described().get("set_id")
        if served and not self.place(served).exists():
            self.archive.mkdir(exist_ok=True)
            linked(self.path, self.place(served))


def linked(source: Path, target: Path) -> None:
    """A second name of a file, or a copy where the file system has no such thing; there whole or not at all."""
    on_its_way = target.with_name(f"{target.name}.{uuid4().hex[:8]}.tmp")
    try:
        os.link(source, on_its_way)
    except OSError:
        shutil.copyfile(source, on_its_way)
        on_its_way.chmod(0o444)
        synced(on_its_way)
    on_its_way.replace(target)
    on_its_way.unlink(missing_ok=True)  # a rename onto the same file leaves both names


def synced(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
