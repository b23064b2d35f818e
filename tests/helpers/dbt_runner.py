"""Runs of dbt and what they leave."""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt_common.clients.jinja import MacroFuzzEnvironment
from dbt_common.dataclass_schema import dbtClassMixin

REPO = Path(__file__).parents[2]
# a parse makes millions of small objects, and looking through them takes a fifth of it; what is left after a run is old
gc.set_threshold(200_000, 1_000)


def remember(environment: type[jinja2.Environment], method: str) -> None:
    """Let Jinja read a text once in this process: each run of dbt reads all macros, which is half of its parse."""
    read: Any = getattr(environment, method)
    known: dict[Any, Any] = {}

    def read_once(self: jinja2.Environment, source: Any, *more: Any) -> Any:
        key = (type(self), source, *more)
        if key not in known:
            known[key] = read(self, source, *more)
        return known[key]

    setattr(environment, method, read_once)


for environment, method in [
    (jinja2.Environment, "_parse"),
    (MacroFuzzEnvironment, "_parse"),
    (jinja2.Environment, "compile"),
]:
    remember(environment, method)


def remember_valid() -> None:
    """Let dbt hold a node's configuration against its schema once in this process, a fifth of a parse."""
    check: Any = dbtClassMixin.validate
    valid: set[tuple[type, str]] = set()

    def check_once(cls: type, data: Any) -> None:
        key = (cls, repr(data))
        if key not in valid:
            check.__func__(cls, data)
            valid.add(key)

    dbtClassMixin.validate = classmethod(check_once)


remember_valid()


@dataclass
class Outcome:
    """What an invocation left: whether it passed, its messages, and those of level error."""

    passed: bool
    output: str
    errors: str

    def must_pass(self) -> Outcome:
        assert self.passed, self.output
        return self

    def must_fail(self) -> Outcome:
        assert not self.passed, self.output
        return self


def one_line(text: str) -> str:
    """A text with single spaces."""
    return " ".join(text.split())


def invoke(folder: Path, *arguments: str, closing: bool = True) -> Outcome:
    """Run `dbt <arguments>` there in this process: starting one takes longer than most runs of small shops.

    `parse` and what has --write-json leave JSON files in target; writing them takes a fifth of a parse.
    """
    events: list[tuple[str, str]] = []
    runner = dbtRunner(callbacks=[lambda event: events.append((event.info.level, event.info.msg))])
    unread = [] if arguments[0] == "parse" or "--write-json" in arguments else ["--no-write-json"]
    with contextlib.chdir(folder):
        result = runner.invoke([*arguments, "--no-use-colors", "--quiet", "--log-level-file", "none", *unread])
    if closing:
        gc.collect(1)  # a cursor that a cycle of objects keeps holds the file open, too; of this run, not of old ones
        DuckDBConnectionManager.close_all_connections()  # else the file stays locked as long as this process lives
    output = "\n".join(text for level, text in events if level != "debug")
    if result.exception:
        output += f"\n{result.exception}"
    errors = "\n".join(text for level, text in events if level == "error") or str(result.exception)
    return Outcome(bool(result.success), output, errors)
