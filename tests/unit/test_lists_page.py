"""The page of lists: every list is there, is proven by a task that is measured, and shows columns that it has."""

from __future__ import annotations

import re

import pytest
from helpers.dbt_runner import REPO
from helpers.lists_page import Section, lists_page
from helpers.small_warehouse import contracts

TRIALS = "".join(path.read_text() for path in (REPO / "models" / "evaluation" / "trials").glob("*.sql"))
MODELS = REPO / "models" / "recommendations"
LISTS = {path.stem for path in MODELS.glob("*.sql") if "rank" in contracts().get(path.stem, {})}


def test_every_list_has_a_section() -> None:
    assert set(lists_page()) == LISTS | {"complete_basket"}


@pytest.mark.parametrize(("name", "section"), lists_page().items())
def test_a_section_has_a_measured_proof_and_rows_with_names(name: str, section: Section) -> None:
    assert section.proofs
    for task, baseline in section.proofs:
        assert f"'{task}'" in TRIALS or task.startswith("recall@")
        assert f"'{baseline}'" in TRIALS
    header, *rows = section.rows
    assert len(rows) == 5
    assert all(len(row) == len(header) for row in rows)
    assert any(column.endswith("_label") for column in header)
    labels = [row[column] for row in rows for column, title in enumerate(header) if title.endswith("_label")]
    assert all(labels)
    asked = re.search(r"select (.*?)\s+from ", section.query, re.DOTALL)
    assert asked
    columns = [part.split(" as ")[-1].strip() for part in re.split(r",\s+(?![^(]*\))", asked[1])]
    assert columns == header
    if name in LISTS:
        read = re.sub(r"\bas \w+|round\(|map_keys\(", "", asked[1])
        assert set(re.findall(r"\b[a-z]\w+", read)) <= set(contracts()[name])
