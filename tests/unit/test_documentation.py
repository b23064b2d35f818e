"""Documentation: everything public is described, links lead somewhere, README stays short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import reference
from helpers.dbt_runner import REPO
from reference.errors import sql_errors
from reference.texts import is_sentence, sentences

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
MOST_WORDS = 35
RECORDS = sorted((REPO / "docs" / "decisions").glob("*/*.md"))


def pages() -> list[Path]:
    """Every page of the repository that people read."""
    return [*REPO.glob("*.md"), *(REPO / "docs").rglob("*.md"), *(REPO / "examples").rglob("README.md")]


def test_vars_tables_columns_and_macros_have_a_sentence() -> None:
    assert reference.undescribed() == []


@pytest.mark.parametrize("text", ["", "The user.", "one two three four"])
def test_what_is_no_sentence_is_found(text: str) -> None:
    assert not is_sentence(text)


def test_the_reference_has_every_var_public_table_and_error() -> None:
    text = reference.filled("<!-- reference: vars -->\n<!-- reference: tables public -->\n<!-- reference: errors -->\n")
    project = (REPO / "dbt_project.yml").read_text()
    for name in re.findall(r"^  (two_tower_\w+):", project, re.MULTILINE):
        assert f"`{name}`" in text
    assert "## recommendations\n" in text
    calls = sum(path.read_text().count("do two_tower.input_error(") for path in (REPO / "macros").rglob("*.sql"))
    assert len(list(sql_errors())) == calls > 40


def test_pages_ask_only_for_parts_that_exist() -> None:
    for page in pages():
        for name, arguments in reference.PLACEHOLDER.findall(page.read_text()):
            assert reference.section(name, arguments.split()).strip(), f"{page.name}: {name}"


def test_links_between_files_lead_somewhere() -> None:
    dead = [
        f"{page.relative_to(REPO)}: {target}"
        for page in pages()
        for target in LINK.findall(FENCE.sub("", page.read_text()))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert dead == []


def test_every_page_is_reachable_from_the_index() -> None:
    reached, ahead = set(), [REPO / "docs" / "index.md"]
    while ahead:
        page = ahead.pop()
        if page not in reached and page.suffix == ".md" and page.is_relative_to(REPO / "docs"):
            reached.add(page)
            links = [target for target in LINK.findall(page.read_text()) if "://" not in target]
            ahead += [(page.parent / target).resolve() for target in links]
    assert set((REPO / "docs").rglob("*.md")) == reached


def test_readme_is_short_and_has_two_pictures() -> None:
    text = (REPO / "README.md").read_text()
    assert len(text.splitlines()) <= 150
    assert text.count("```mermaid\n") + len(re.findall(r"^!\[", text, re.MULTILINE)) >= 2


def test_sentences_are_short() -> None:
    texts = {str(page.relative_to(REPO)): page.read_text() for page in pages()} | dict(reference.descriptions())
    long = [(where, one) for where, text in texts.items() for one in sentences(text) if len(one.split()) > MOST_WORDS]
    assert long == []


def test_what_is_no_sentence_is_not_counted() -> None:
    page = "# A heading\n\n| a | table |\n\n```sql\nselect 1\n```\n\nOne [link](a/b.md). Two,\nin two lines.\n- Three\n"
    assert [one for one in sentences(page) if one] == ["One [link].", "Two, in two lines.", "Three"]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_decision_is_dated_short_and_in_the_index(record: Path) -> None:
    text = record.read_text()
    assert len(text.splitlines()) <= 40
    assert re.search(r"^Status: .+, \d{4}-\d\d-\d\d", text, re.MULTILINE)
    for heading in ("Context", "Decision", "Consequences", "Rejected"):
        assert f"## {heading}\n" in text
    index = (REPO / "docs" / "decisions" / "index.md").read_text()
    assert f"({record.parent.name}/{record.name})" in index


def test_every_old_number_of_a_decision_is_in_the_index() -> None:
    index = (REPO / "docs" / "decisions" / "index.md").read_text()
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", index, re.MULTILINE)}
    never_given = {38, 39, 46, 47, 48, 49, 59, 64, 65, 66}
    assert listed == set(range(1, 132)) - never_given
