from __future__ import annotations

import json
from pathlib import Path

import pytest
from two_tower.python_udfs.shards.job import Parent
from two_tower.python_udfs.shards.storage import drop_shards


@pytest.mark.parametrize("name", ["shards", "shop [1]", "a*b", "what?"])
def test_any_name_of_a_folder_is_a_name_and_no_pattern(tmp_path: Path, name: str) -> None:
    root = tmp_path / name
    for run in ("old", "served", "now"):
        (root / "main" / run / "users").mkdir(parents=True)
    (root / "main" / "served" / "users" / "two_tower_shard=1").mkdir()
    (root / "main" / "served" / "users" / "two_tower_shard=1" / "data.parquet").write_text("")
    beside = tmp_path / "shards of another" / "main" / "old" / "users"
    beside.mkdir(parents=True)
    named = f"create view users as select * from read_parquet('{root}/main/served/users/0-of-2.parquet')"
    assert json.loads(drop_shards(str(root), "now", named, ())) == ["main/old/users"]
    assert sorted(path.name for path in (root / "main").iterdir()) == ["now", "served"]
    assert beside.is_dir()
    dealt = Parent("main", "users", "dealt", f"{root}/main/served/users", {"user_id": "varchar"})
    assert dealt.files(1, 2, ()) == [f"{root}/main/served/users/two_tower_shard=1/data.parquet"]
    assert dealt.files(0, 2, ()) == []
