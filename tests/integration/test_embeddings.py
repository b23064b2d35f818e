"""Models of embeddings in a team's project: only what is new is encoded, and nothing is lost."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from helpers.package_project import PackageProject, make_package_project
from helpers.small_encoders import write_image_encoder, write_text_encoder
from PIL import Image

MODEL = """
{{{{ config(
    materialized='embeddings',
    encoder='{encoder}',
    post_hook="{{{{ two_tower.create_similar_by('{reads}', 'sku') }}}}",
) }}}}
{query}
"""
TEXTS = 'select "SKU" as sku, "Description" as content from {{ ref(\'dim_products\') }} -- no picture'
RUN = ("run", "--select", "dim_products", "vectors")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> PackageProject:
    return make_package_project(tmp_path_factory.mktemp("embeddings") / "shop")


@pytest.fixture
def shop(planted: PackageProject) -> Iterator[PackageProject]:
    """A project in which nothing was run yet, with two encoders."""
    with planted.restored():
        write_text_encoder(planted.folder / "encoders" / "words")
        write_image_encoder(planted.folder / "encoders" / "colours")
        yield planted
    shutil.rmtree(planted.folder / "encoders")


def write_model(shop: PackageProject, query: str, encoder: str = "encoders/words", reads: str = "text") -> None:
    text = MODEL.format(encoder=encoder, reads=reads, query=query)
    (shop.folder / "models" / "marts" / "vectors.sql").write_text(text)


def test_only_what_is_new_or_changed_is_encoded(shop: PackageProject) -> None:
    write_model(shop, TEXTS)
    described = 'select count(distinct "Description") from raw.products'
    ((texts,),) = shop.rows(described)
    assert f"{texts} of {texts} new contents encoded" in shop.dbt(*RUN).must_pass().output
    before = shop.content("main")["vectors"]
    assert "encoded" not in shop.dbt(*RUN).must_pass().output
    assert shop.content("main")["vectors"] == before

    shop.change(
        'update raw.products set "Description" = \'red tea\' where "SKU" = 7001',
        'insert into raw.products ("SKU", "Description") values'
        " (9001, 'green pot'), (9002, 'green pot'), (9003, ' ')",
    )
    output = shop.dbt(*RUN).must_pass().output
    assert "3 of 3 new contents encoded" in output, output
    query = "select sku, embedding from vectors where sku > 9000 or sku = 7001 order by sku"
    rows = shop.rows(query)
    assert [sku for sku, _ in rows] == [7001, 9001, 9002, 9003]
    assert rows[1][1] == rows[2][1] != rows[0][1]
    assert rows[3][1] is None
    assert shop.rows("select similar_sku, similarity from similar_by_text(9001, 1)") == [(9002, pytest.approx(1.0))]
    assert shop.rows("select problem from vectors_problems where sku in (7005, 9003) order by sku") == [
        ("missing",), ("no words",),
    ]  # fmt: skip

    assert "encoded" in shop.dbt(*RUN, "--full-refresh").must_pass().output
    assert shop.rows(query) == rows


def test_another_encoder_encodes_everything_again(shop: PackageProject) -> None:
    write_model(shop, TEXTS)
    shop.dbt(*RUN).must_pass()
    first = shop.rows("select distinct encoder, len(embedding::float[]) from vectors where embedding is not null")
    shutil.rmtree(shop.folder / "encoders" / "words")
    write_text_encoder(shop.folder / "encoders" / "words", dimension=6)
    assert "new contents encoded" in shop.dbt(*RUN).must_pass().output
    second = shop.rows("select distinct encoder, len(embedding::float[]) from vectors where embedding is not null")
    assert (len(first), first[0][1], len(second), second[0][1]) == (1, 4, 1, 6)
    assert first[0][0] != second[0][0]


def test_a_killed_run_goes_on_where_it_was(shop: PackageProject) -> None:
    write_model(shop, "select range as sku, 'red tea pot number ' || range as content from range(40000)")
    command = [sys.executable, "-c", "from dbt.cli.main import cli; cli()", "run", "--select", "vectors"]
    with subprocess.Popen(
        command, cwd=shop.folder, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"}
    ) as run:
        assert run.stdout is not None
        for line in run.stdout:
            if "4096 of 40000 new contents encoded" in line:
                run.kill()
                break
    assert run.wait() < 0
    output = shop.dbt("run", "--select", "vectors").must_pass().output
    left = int(output.split("new contents encoded")[0].split()[-1])
    assert 0 < left <= 40000 - 4096
    assert shop.rows("select count(*), count(embedding) from vectors") == [(40000, 40000)]
    assert shop.rows("select table_name from duckdb_tables() where table_name like 'vectors__new_contents%'") == []
    # what a killed `--full-refresh` leaves is known twice
    shop.change(
        "create table vectors__new_contents as select content_hash, encoder, embedding, problem from vectors limit 10"
    )
    write_model(shop, "select range as sku, 'red tea pot number ' || range as content from range(40001)")
    shop.dbt("run", "--select", "vectors").must_pass()
    assert shop.rows("select count(*), count(distinct sku) from vectors") == [(40001, 40001)]


def test_pictures_that_cannot_be_read_are_problems_and_coverage_is_a_test(shop: PackageProject) -> None:
    folder = shop.folder / "pictures"
    folder.mkdir(exist_ok=True)
    for sku, colour in ((1, "red"), (2, "#f00010"), (3, "blue")):
        Image.new("RGB", (50, 40), colour).save(folder / f"{sku}.jpg")
    (folder / "4.jpg").write_bytes((folder / "3.jpg").read_bytes()[:200])
    write_model(
        shop,
        "select range as sku, 'pictures/' || range || '.jpg' as content from range(1, 6)",
        "encoders/colours",
        "image",
    )
    coverage = "{two_tower.embedding_coverage: {arguments: {entities: ref('vectors'), key: sku, minimum: %s}}}"
    yml = shop.folder / "models" / "marts" / "_vectors.yml"
    for minimum, passes in ((0.5, True), (0.7, False)):
        yml.write_text(f"models: [{{name: vectors, data_tests: [{coverage % minimum}]}}]")
        assert shop.dbt("build", "--select", "vectors").passed == passes
    problems = shop.rows("select sku, problem from vectors_problems order by sku")
    assert [sku for sku, _ in problems] == [4, 5]
    assert "broken" in problems[0][1]
    assert problems[1][1] == "no such file"
    assert shop.rows("select similar_sku from similar_by_image(1, 1)") == [(2,)]

    Image.new("RGB", (50, 40), "green").save(folder / "5.jpg")
    assert "1 of 1 new contents encoded" in shop.dbt("run", "--select", "vectors").must_pass().output
    assert [sku for (sku,) in shop.rows("select sku from vectors_problems")] == [4]


def test_pictures_may_lie_in_the_database(shop: PackageProject) -> None:
    file = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(file, "PNG")
    shop.change(
        f"create or replace table raw.pictures as select 1 as sku, from_hex('{file.getvalue().hex()}') as picture"
    )
    write_model(shop, "select sku, picture as content from raw.pictures", "encoders/colours", "image")
    shop.dbt("run", "--select", "vectors").must_pass()
    assert shop.rows("select problem from vectors") == [(None,)]
    shop.change("drop table raw.pictures")


def test_contents_that_change_during_a_run_are_those_that_were_read(shop: PackageProject) -> None:
    write_model(shop, "select range as sku, 'tea ' || random() as content from range(20)")
    for _ in range(2):
        shop.dbt("run", "--select", "vectors").must_pass()
        assert shop.rows("select count(embedding), count(problem) from vectors") == [(20, 0)]
    shop.change("update vectors set embedding = null where sku < 3")  # what an earlier version of this left behind
    write_model(shop, "select sku, 'tea ' || sku as content from (select unnest(range(20)) as sku)")
    shop.dbt("run", "--select", "vectors").must_pass()
    assert shop.rows("select count(embedding) from vectors") == [(20,)]
    assert shop.rows("select table_name from duckdb_tables() where table_name like 'vectors__%'") == []


def test_hooks_run_before_contents_are_read_and_a_view_gives_way(shop: PackageProject) -> None:
    write_model(shop, "select sku, content from main.prepared")
    model = shop.folder / "models" / "marts" / "vectors.sql"
    hook = "pre_hook=\"create or replace table main.prepared as select 1 as sku, 'red tea' as content\",\n    encoder="
    model.write_text(model.read_text().replace("encoder=", hook))
    shop.change("create view main.vectors as select 1 as one")
    try:
        shop.dbt("run", "--select", "vectors").must_pass()
        assert shop.rows("select sku, content_hash = md5('red tea'), embedding is not null from vectors") == [
            (1, True, True)
        ]
    finally:
        shop.change("drop table main.prepared")


WRONG = {  # query, encoder and what is said of them
    "no content": (
        "select 1 as sku",
        "encoders/words",
        ["model vectors, column content: missing", "select VARCHAR as content"],
    ),
    "numbers": (
        "select 1 as sku, 2 as content",
        "encoders/words",
        ["column content: is INTEGER; the encoder reads text"],
    ),
    "a column of the table's own": (
        "select 1 as sku, 'a' as content, [1.5]::float[1] as embedding",
        "encoders/words",
        ["column embedding: has the name of a column that the table of embeddings gets", "another name"],
    ),
    "no encoder": (
        "select 1 as sku, 'a' as content",
        "encoders/none",
        ["encoder 'encoders/none'", "two-tower export-encoder"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_encoded_is_refused(shop: PackageProject, name: str) -> None:
    query, encoder, said = WRONG[name]
    write_model(shop, query, encoder)
    errors = shop.dbt("run", "--select", "vectors").must_fail().errors
    for words in said:
        assert words in errors


def test_an_empty_run_does_not_lose_the_embeddings(shop: PackageProject) -> None:
    write_model(shop, TEXTS)
    shop.dbt(*RUN).must_pass()
    before = shop.content("main")["vectors"]
    assert "would lose the embeddings" in shop.dbt("run", "--empty", "--select", "vectors").must_fail().errors
    assert shop.content("main")["vectors"] == before
