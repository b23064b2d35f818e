"""A run on the same inputs, settings and models gives every table again, to the bit."""

from __future__ import annotations

from helpers.package_project import PackageProject


def test_a_second_run_gives_the_same_tables_to_the_bit(garden: PackageProject) -> None:
    with garden.restored():
        contents = []
        for _ in range(2):  # what other tests have left is made anew by the first
            garden.dbt("run", "--exclude", "two_tower,publication+").must_pass()
            contents.append(garden.content())
    first, second = contents
    differing = {table for table in first if first[table] != second[table]}
    assert differing <= {"ease"}  # it multiplies matrices in threads
    assert {"gates", "model_comparisons", "recall_by_model", "ease", "recommendations"} <= first.keys()
