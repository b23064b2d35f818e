"""Errors and warnings with their remedies, as the macros and the Python code raise them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .texts import REPO, cell, table


def errors_section() -> str:
    """Errors of the dbt checks: where they are raised, what is wrong and what to do."""
    rows = [[f"`{macro}`", cell(problem), cell(remedy)] for macro, problem, remedy in sql_errors()]
    return table(["raised by", "what is wrong", "what to do"], rows)


def sql_errors() -> Iterator[tuple[str, str, str]]:
    """Every call of macro input_error: the macro that makes it, the problem and the remedy."""
    for path in sorted((REPO / "macros").rglob("*.sql")):
        text = path.read_text()
        for inside in calls_of(text, "input_error"):
            parts = arguments_of(inside)
            yield path.stem, readable(f"{parts[0]} ~ ': ' ~ {parts[1]}", text), readable(parts[2], text)


def warnings_section() -> str:
    """Warnings of the dbt checks."""
    rows = [
        [f"`{path.stem}`", cell(readable(inside, path.read_text()))]
        for path in sorted((REPO / "macros").rglob("*.sql"))
        for inside in calls_of(path.read_text(), "exceptions.warn")
    ]
    return table(["raised by", "what it says"], rows)


def python_errors_section(*folders: str) -> str:
    """Errors of the Python functions and of training; what stands after the last semicolon is the remedy."""
    rows = []
    for path in [path for folder in folders for path in sorted((REPO / folder).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                problem, _, remedy = template(node.exc.args[0]).rpartition(";")
                if problem or remedy:
                    rows.append([f"`{path.stem}`", cell(problem or remedy), cell(remedy if problem else "")])
    return table(["raised by", "what is wrong", "what to do"], rows)


def template(node: ast.expr) -> str:
    """A text of Python with what is filled in replaced by an ellipsis; nothing where it is no text."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(template(part) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return "…"
    return ""


def calls_of(text: str, name: str) -> Iterator[str]:
    """What stands between the brackets of each call of a macro."""
    for start in re.finditer(rf"(?<!macro ){re.escape(name)}\(", text):
        depth, end, quote = 1, start.end(), ""
        while depth:
            letter = text[end]
            if quote:
                quote = "" if letter == quote else quote
            elif letter in "'\"":
                quote = letter
            else:
                depth += {"(": 1, ")": -1}.get(letter, 0)
            end += 1
        yield text[start.end() : end - 1]


def arguments_of(inside: str) -> list[str]:
    """The arguments of a call, split at its own commas."""
    parts, depth, quote = [""], 0, ""
    for letter in inside:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(letter, 0)
        if letter == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def readable(expression: str, text: str = "") -> str:
    """A Jinja expression that makes a text; its variables are looked up in the file, the rest becomes an ellipsis."""
    pieces = []
    plain = re.sub(r"(var|join|run_query|get)\('[^']*'\)", "filled", " ".join(expression.split()))
    for part in re.findall(r"'[^']*'|\"[^\"]*\"|[^~'\"]+", plain):
        name = part.strip()
        if part[0] in "'\"":
            pieces.append(part[1:-1])
        elif re.search(r"\belse\b", name):
            pieces.append(" / ")
        elif given := re.search(rf"set {re.escape(name)} = (.*?)\s*-?%}}", text, re.DOTALL) if name else None:
            pieces.append(readable(given[1]))
        elif name and not name.startswith("if "):
            pieces.append("…")
    return re.sub(r"…+", "…", "".join(pieces)).replace("\\n", " ")
