"""A team's project whose items have a style that only their pictures and reviews tell, and whose users like one style.

A third of the items is sold for the first time in the newest window, so nothing but what the encoders see can tell
for whom they are.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import yaml
from helpers.dbt_runner import REPO
from helpers.package_project import PackageProject
from helpers.small_encoders import write_image_encoder
from PIL import Image

STYLES, USERS, ITEMS, DAYS, WINDOW = 8, 320, 240, 140, 28
START = pd.Timestamp("2026-01-01")
COLOURS = [(200, 60, 50), (60, 170, 70), (60, 80, 200), (210, 190, 60)]
WORDS = [f"{a}{b}" for a in ("vel", "mor", "tin", "gra", "pel", "sul", "bor", "nef") for b in ("ish", "some", "ful")]
SMALL_TALK = [
    "the",
    "this",
    "very",
    "quite",
    "good",
    "nice",
    "bought",
    "shop",
    "again",
    "well",
    "size",
    "box",
    "came",
    "quick",
]

MODELS = {
    "purchases": "select * from raw.purchases",
    "people": "select * from raw.people",
    "reviews": "select * from raw.reviews",
    "pictures": (
        "{{ config(materialized='embeddings', encoder='encoder') }} "
        "select item_id, 'pictures/' || item_id || '.png' as content from raw.items"
    ),
    "things": (
        "select items.*, pictures.embedding as picture from raw.items as items "
        "left join {{ ref('pictures') }} as pictures on items.item_id = pictures.item_id"
    ),
    "plain_things": "select * from raw.items",
}


def plant_styles(folder: Path, seed: int = 0) -> PackageProject:
    """Write project, pictures, encoder and raw tables; install the package."""
    shop = PackageProject(folder)
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    item_style = rng.permutation(ITEMS) % STYLES
    write_project(folder)
    write_image_encoder(folder / "encoder")
    (folder / "pictures").mkdir()
    for item, style in enumerate(item_style):
        draw(rng, style).save(folder / "pictures" / f"{item}.png")
    frames = {
        "purchases": purchases(rng, item_style),
        "people": pd.DataFrame({"user_id": range(USERS), "town": rng.integers(0, 5, USERS).astype(str)}),
        # the last one has neither picture nor review
        "items": pd.DataFrame({"item_id": range(ITEMS + 1), "shelf": rng.integers(0, 5, ITEMS + 1).astype(str)}),
        "reviews": reviews(rng, item_style),
    }
    with duckdb.connect(str(shop.database)) as connection:
        connection.execute("create schema raw")
        for name, frame in frames.items():
            connection.register("frame", frame)
            connection.execute(f"create table raw.{name} as select * from frame")
    shop.dbt("deps").must_pass()
    return shop


def write_project(folder: Path) -> None:
    """Project files, pictures and reviews off."""
    plugins = [{"module": "two_tower.python_udfs.plugin"}]
    output = {"type": "duckdb", "path": "garden_shop.duckdb", "threads": 2, "plugins": plugins}
    variables = {
        "two_tower_interactions": "purchases", "two_tower_users": "people", "two_tower_items": "plain_things",
        "two_tower_policy": "unseen_only", "two_tower_k": 10, "two_tower_training_cutoffs": 2, "two_tower_dim": 40,
        "two_tower_training": {
            "features": 16, "epochs": 6, "patience": 6, "threads": 1, "batch_size": 32, "id_dropout": 0.3,
            "learning_rate": 0.01, "ranker_folds": 2, "ranker_epochs": 2,
        },
    }  # fmt: skip
    files = {
        "dbt_project.yml": {"name": "styles", "profile": "styles", "vars": variables},
        "packages.yml": {"packages": [{"local": str(REPO)}]},
        "profiles.yml": {"styles": {"target": "dev", "outputs": {"dev": output}}},
    }
    for name, content in files.items():
        (folder / name).write_text(yaml.safe_dump(content))
    (folder / "models").mkdir()
    for name, sql in MODELS.items():
        (folder / "models" / f"{name}.sql").write_text(sql)


def purchases(rng: np.random.Generator, item_style: np.ndarray) -> pd.DataFrame:
    """Four in five are of the user's own style; the last third of the items comes in the newest window."""
    new = np.arange(ITEMS) >= ITEMS * 2 // 3
    rows = []
    for user in range(USERS):
        liked = item_style == user % STYLES
        for day in np.sort(rng.uniform(0, DAYS, 40)):
            weight = np.where(liked, 4.0 * (STYLES - 1), 1.0) * (new if day >= DAYS - WINDOW else ~new)
            rows.append((user, rng.choice(ITEMS, p=weight / weight.sum()), START + pd.Timedelta(days=day).round("s")))
    return pd.DataFrame(rows, columns=["user_id", "item_id", "event_at"])


def reviews(rng: np.random.Generator, item_style: np.ndarray) -> pd.DataFrame:
    """Three of each item by people who try things early, each with a word of its style among small talk."""
    rows = []
    for item, style in enumerate(item_style):
        for _ in range(3):
            words = [*rng.choice(SMALL_TALK, 6), *rng.choice(WORDS[3 * style : 3 * style + 3], 2)]
            day = rng.uniform(0, DAYS - WINDOW)
            rows.append(
                (1000, item, START + pd.Timedelta(days=day), rng.integers(1, 6), " ".join(rng.permutation(words)))
            )
    return pd.DataFrame(rows, columns=["user_id", "item_id", "review_at", "rating", "text"])


def draw(rng: np.random.Generator, style: int) -> Image.Image:
    """A noisy picture in one of four colours, plain or striped."""
    pixels = np.empty((48, 48, 3))
    pixels[:] = COLOURS[style % 4]
    if style >= 4:
        pixels[:, (np.arange(48) // 4 + rng.integers(2)) % 2 == 0] *= 0.4
    return Image.fromarray(np.clip(pixels + rng.normal(0, 20, pixels.shape), 0, 255).astype(np.uint8))


COLD_RECALL = """
    with cold as (
        select embeddings.item_id, embeddings.embedding
        from {schema}.item_embeddings as embeddings
        inner join {schema}.item_features as features on embeddings.item_id = features.item_id and features.cutoff = 1
        where embeddings.stage = 'evaluation' and features.interactions = 0
    ),
    ranked as (
        select users.user_id, cold.item_id, row_number() over (
            partition by users.user_id
            order by array_inner_product(users.embedding, cold.embedding) desc, md5(cold.item_id)
        ) as place
        from {schema}.user_embeddings as users cross join cold
        where users.stage = 'evaluation'
    ),
    found as (
        select targets.user_id, count(*) as wanted, count(*) filter (where ranked.place <= 10) as hits
        from {schema}.cutoff_targets as targets
        inner join ranked on targets.user_id = ranked.user_id and targets.item_id = ranked.item_id
        where targets.cutoff = 1
        group by targets.user_id
    )
    select avg(hits / least(wanted, 10)) from found
"""
