"""Reference of the project, read from its yml files and its code, as Markdown.

The documentation site replaces each line `<!-- reference: NAME ARGUMENTS -->` of a page, so that no table of vars,
columns or macros is written by hand. `undescribed` names what has no sentence of description; a test holds it empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import code, errors, project
from .texts import is_sentence

PLACEHOLDER = re.compile(r"^<!-- reference: (\S+)(?: (.*?))? -->$", re.MULTILINE)
SECTIONS: dict[str, Callable[..., str]] = {
    "vars": project.vars_section,
    "tables": project.models_section,
    "table-list": project.model_list_section,
    "macros": project.macros_section,
    "macro-list": project.macro_list_section,
    "generic-tests": project.generic_tests_section,
    "table-macros": project.table_macros_section,
    "training-settings": code.settings_section,
    "sql-functions": code.functions_section,
    "commands": code.commands_section,
    "make": code.make_section,
    "errors": errors.errors_section,
    "warnings": errors.warnings_section,
    "python-errors": errors.python_errors_section,
}


def section(name: str, arguments: list[str]) -> str:
    """One generated part of a page, by its name."""
    return SECTIONS[name](*arguments)


def filled(page: str) -> str:
    """A page with all of its placeholders replaced."""
    return PLACEHOLDER.sub(lambda found: section(found[1], (found[2] or "").split()), page)


def undescribed() -> list[str]:
    """Vars, tables and their columns, macros and generic tests without a sentence of description."""
    return [what for what, text in descriptions() if not is_sentence(text)]


def descriptions() -> list[tuple[str, str]]:
    """Every var, table, column, macro and generic test with its description."""
    found = [(f"var {var['name']}", var["description"]) for var in project.project_vars()]
    for model in project.models():
        found.append((f"model {model['name']}", model["description"]))
        found += [(f"column {model['name']}.{c['name']}", c["description"]) for c in model["columns"]]
    found += [(f"macro {macro['name']}", macro["description"]) for macro in project.macros().values()]
    return found
