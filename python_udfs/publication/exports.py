"""Exports: lists and embeddings of a published set as parquet files, and what changed since the export before.

`exports/000007` is the seventh export: `set.json` says of which set, `recommendations.parquet` has the lists and
`recommendations.changes.parquet` the rows that were added, removed or moved since `exports/000006`. Of embeddings these
are the rows that were added or removed, or have another vector.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .files import PublishedFile, synced

LISTS = {  # by table: whose list it is, and what is in it
    "bought_together": ("item_id", "bought_item_id"),
    "buy_again": ("user_id", "item_id"),
    "item_audiences": ("item_id", "user_id"),
    "new_arrivals": ("user_id", "item_id"),
    "popular_items": ("segment", "item_id"),
    "recommendations": ("user_id", "item_id"),
    "recommendations_by_category": ("user_id", "item_id"),
    "similar_items": ("item_id", "similar_item_id"),
    "similar_users": ("user_id", "similar_user_id"),
    "trending_items": ("segment", "item_id"),
}
EMBEDDINGS = {"item_embeddings": "item_id", "user_embeddings": "user_id"}
NUMBER = re.compile(r"\d{6,}")
ABOUT = "set.json"


@dataclass(frozen=True)
class Exports:
    """The folder of exports, whether it is there yet or not."""

    folder: Path

    def done(self) -> list[Path]:
        """Exports that are whole, oldest first."""
        found = [path for path in self.folder.glob("*") if NUMBER.fullmatch(path.name)]
        return sorted(found, key=lambda path: int(path.name))

    def drop(self, keep: int) -> list[str]:
        """Delete the oldest exports beyond `keep`; their numbers."""
        found = self.done()
        gone = found[: max(0, len(found) - keep)]
        for path in gone:
            shutil.rmtree(path)
        return [path.name for path in gone]

    @contextmanager
    def next_of(self, set_file: Path, keep: int) -> Iterator[None]:
        """Export a set: written before the body, in place by one rename after it, so not where the body fails.

        keep: most exports besides this one. Raises ValueError naming the folder where it cannot be written.
        """
        before = self.done()
        number = int(before[-1].name) + 1 if before else 1
        hidden = self.folder / f".{number:06}.tmp"
        try:
            for left in self.folder.glob(".*.tmp"):
                shutil.rmtree(left)
            hidden.mkdir(parents=True)
            write(set_file, hidden, before[-1] if before else None)
        except (OSError, ValueError, KeyError, TypeError, duckdb.Error) as error:
            shutil.rmtree(hidden, ignore_errors=True)
            reason = (str(error) or type(error).__name__).splitlines()[0]
            since = f" with the changes since '{before[-1]}'" if before else ""
            raise ValueError(
                f"var two_tower_exports: no export can be written to the folder '{self.folder}'{since}: {reason}; "
                f"make it a folder that may be written, move a damaged export away, or leave the var empty"
            ) from None
        try:
            yield
            hidden.replace(self.folder / f"{number:06}")
            synced(self.folder)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
        self.drop(keep + 1)


def write(set_file: Path, folder: Path, before: Path | None) -> None:
    """Write lists and embeddings of a set into a folder, and their changes since an earlier export."""
    about = PublishedFile(set_file).described()
    since = json.loads((before / ABOUT).read_text())["set_id"] if before else None
    with duckdb.connect(str(set_file), read_only=True) as connection:
        connection.execute(f'use "{about["schema_name"].replace(chr(34), chr(34) * 2)}"')
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        for name in (LISTS.keys() | EMBEDDINGS.keys()) & tables:
            now = folder / f"{name}.parquet"
            order = "{}, rank, {}".format(*LISTS[name]) if name in LISTS else EMBEDDINGS[name]
            connection.execute(f"copy (from {name} order by {order}) to {_text(now)}")
            earlier = before / now.name if before else None
            changes_since = changes_of if name in LISTS else changed_vectors
            changes = changes_since(name, now, earlier if earlier and earlier.is_file() else None)
            connection.execute(f"copy ({changes}) to {_text(folder / f'{name}.changes.parquet')}")
    told = {"set_id": about["set_id"], "published_at": about["published_at"], "since_set_id": since}
    (folder / ABOUT).write_text(json.dumps(told))
    for path in folder.iterdir():
        synced(path)


def changes_of(name: str, now: Path, before: Path | None) -> str:
    """Select of the rows of a list that were added, removed or moved since an earlier export."""
    keys = ", ".join(LISTS[name])
    place = "rank, category" if name == "recommendations_by_category" else "rank"
    earlier = f"from {_text(before)}" if before else f"from {_text(now)} where false"
    return f"""
        with now as (from {_text(now)}), before as ({earlier}),
        moved as (select {keys}, {place} from now except select {keys}, {place} from before)
        select 'added' as change, cast(null as integer) as rank_before, * from now anti join before using ({keys})
        union all by name
        select 'moved' as change, before.rank as rank_before, now.*
        from now semi join moved using ({keys}) inner join before using ({keys})
        union all by name
        select 'removed' as change, before.rank as rank_before, * from before anti join now using ({keys})
        order by {LISTS[name][0]}, change, rank
    """


def changed_vectors(name: str, now: Path, before: Path | None) -> str:
    """Select of the rows of embeddings that were added or removed, or have another vector, since an earlier export."""
    key, earlier = EMBEDDINGS[name], f"from {_text(before)}" if before else f"from {_text(now)} where false"
    return f"""
        with now as (from {_text(now)}), before as ({earlier})
        select 'added' as change, * from now anti join before using ({key})
        union all by name
        select 'changed' as change, now.*
        from now inner join before using ({key}) where now.embedding is distinct from before.embedding
        union all by name
        select 'removed' as change, * from before anti join now using ({key})
        order by {key}
    """


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
