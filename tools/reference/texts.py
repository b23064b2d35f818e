"""Texts of descriptions and the shapes in which the reference prints them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPO = Path(__file__).resolve().parent.parent.parent
DOC_BLOCK = re.compile(r"{%\s*docs\s+(\w+)\s*%}(.*?){%\s*enddocs\s*%}", re.DOTALL)
DOC_CALL = re.compile(r"{{\s*doc\((?:'two_tower',\s*)?'(\w+)'\)\s*}}")


def is_sentence(text: str) -> bool:
    """Whether a description has at least four words and ends like a sentence."""
    return len(text.split()) >= 4 and text.rstrip().endswith((".", ")", ":"))


def sentences(text: str) -> Iterator[str]:
    """The sentences of a page or a description, links without their targets; code, tables and headings are none."""
    lines = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE).splitlines()
    prose = ["" if re.match(r" *([|#]|<!--)", line) else re.sub(r"^ *([-*]|\d+\.) ", "\n", line) for line in lines]
    for block in re.split(r"\n\s*\n", "\n".join(prose)):
        told = re.sub(r"\]\([^)]*\)", "]", " ".join(block.split()))
        yield from re.split(r"(?<=[.!?])[\"')*]*\s+(?=[A-Z0-9`\"'(\[*])", told)


def one_line(text: Any) -> str:
    """A description in one line, its calls of doc() replaced by the blocks they name."""
    with_blocks = DOC_CALL.sub(lambda found: doc_blocks()[found[1]], str(text or ""))
    return " ".join(with_blocks.split())


@cache
def doc_blocks() -> dict[str, str]:
    """The text of each docs block by its name."""
    pages = sorted((REPO / "models").rglob("*.md"))
    return {name: " ".join(text.split()) for page in pages for name, text in DOC_BLOCK.findall(page.read_text())}


def cell(text: Any) -> str:
    """Text that does not end the cell of a table."""
    return one_line(text).replace("|", "\\|")


def table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def ymls(folder: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The yml files under a folder and what is in them."""
    for path in sorted((REPO / folder).rglob("*.yml")):
        yield path, yaml.safe_load(path.read_text()) or {}
