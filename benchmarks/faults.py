"""Does one thing to a small published shop, runs the part of a refresh that meets it, and looks at what comes.

python benchmarks/faults.py [--folder DIR] [--only WORDS] [--whole]

Prints a table: the fault, what comes, and whether readers have the set of before, byte by byte. Between two faults all
is put back. Exits with 1 where something
comes that is not expected, where a set is touched, or where a traceback is shown. --whole runs whole refreshes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx
from places import DBT
from helpers.dbt_runner import Outcome
from helpers.package_project import PackageProject, make_package_project
from helpers.small_encoders import write_text_encoder

SCHEMA = "main__recommender"
WHOLE = ["run", "--exclude", "tag:train"]
PUBLISH = ["run", "--select", "two_tower,publication"]
SPLIT = ["run", "--select", "data_end", "interaction_splits", "two_tower,publication"]
SERVE = ["run", "--select", "two_tower,user_embeddings", "two_tower,item_embeddings", "two_tower,ranked_candidates",
         "two_tower,publication"]  # fmt: skip
TRAIN = ["run", "--select", "two_tower,training_runs"]
ENCODE = ["run", "--select", "group_vectors"]
ENCODER = """{{ config(materialized='embeddings', encoder='encoder') }}
select "SKU" as item_id, cast("group" as varchar) as content from {{ ref('dim_products') }}
"""
KEPT = ("*.duckdb*", "artifacts", "encoder", "profiles.yml", "dbt_project.yml")
Change = Callable[[PackageProject], Any]
OPENING = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only={}); print(1, flush=True); sys.stdin.read()"


@dataclass
class Fault:
    """What is done, the run that meets it, and words of what has to come; without words, a success."""

    change: Change = lambda _: None
    says: str = ""
    run: list[str] = field(default_factory=lambda: PUBLISH)
    variables: dict[str, Any] = field(default_factory=dict)
    around: Callable[[PackageProject], Any] | None = None
    is_ours: bool = True  # whether the error is one of ours, with a remedy
    has_traceback: bool = False  # of dbt, before any code of ours
    publishes: bool = False  # whether a new set is right


def tower(shop: PackageProject, column: str, stage: str = "production") -> Path:
    """File of a tower or ranker of a registry."""
    table = "ranker_registry" if column == "ranker_model" else "model_registry"
    ((path,),) = shop.rows(f"select {column} from {SCHEMA}.{table} where stage = '{stage}'")
    return shop.folder / "artifacts" / path


def without(column: str) -> Change:
    """The file of a tower is gone."""
    return lambda shop: tower(shop, column).unlink()


def cut(path: Callable[[PackageProject], Path]) -> Change:
    """A file has only its first half."""

    def change(shop: PackageProject) -> None:
        file = path(shop)
        content = file.read_bytes()
        file.unlink()
        file.write_bytes(content[: len(content) // 2])

    return change


def garbage(path: Callable[[PackageProject], Path], content: bytes = b"no such thing " * 1000) -> Change:
    """Something else is in a file's place."""

    def change(shop: PackageProject) -> None:
        file = path(shop)
        file.unlink(missing_ok=True)
        file.write_bytes(content)

    return change


def folder_in_place(path: Callable[[PackageProject], Path]) -> Change:
    """A folder is in a file's place."""

    def change(shop: PackageProject) -> None:
        path(shop).unlink()
        path(shop).mkdir()

    return change


def swapped(column: str, stage: str = "evaluation") -> Change:
    """The file of another stage is in a file's place."""
    return lambda shop: shutil.copyfile(tower(shop, column, stage), tower(shop, column))


def circle(column: str) -> Change:
    """A file that nobody can read: a link to itself."""

    def change(shop: PackageProject) -> None:
        file = tower(shop, column)
        file.unlink()
        file.symlink_to(file)

    return change


def giving(constant: str) -> Change:
    """A tower whose output is divided by zero, and whose checksum is the registry's."""
    return lambda shop: rewritten(shop, "user_model", lambda model: divided(model, constant), is_registered=True)


def divided(model: onnx.ModelProto, number: str) -> None:
    """Multiply the output of a model by a number that is none."""
    output = model.graph.output[0].name
    for node in model.graph.node:
        for place, name in enumerate(node.output):
            if name == output:
                node.output[place] = "before"
    value = onnx.helper.make_tensor("none", onnx.TensorProto.FLOAT, [], [float(number)])
    model.graph.initializer.append(value)
    model.graph.node.append(onnx.helper.make_node("Add", ["before", "none"], [output]))


def rewritten(shop: PackageProject, column: str, change: Callable[[onnx.ModelProto], Any], is_registered: bool) -> None:
    """A tower that was written by something else, with or without its new checksum in the registry."""
    path = tower(shop, column)
    model = onnx.load(str(path))
    change(model)
    model.doc_string = "of another day"
    onnx.save(model, str(path))
    if is_registered:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        shop.change(f"update {SCHEMA}.model_registry set {column}_sha256 = '{digest}' where stage = 'production'")


def log_of_towers(text: str | None) -> Change:
    """The log of the towers' run is something else; None: rows without checksums."""

    def change(shop: PackageProject) -> None:
        path = tower(shop, "user_model").parent / "run.json"
        rows = [row for row in json.loads(path.read_text()) if row["kind"] != "sha256"]
        path.write_text(json.dumps(rows) if text is None else text)

    return change


def encoder(text: str | None) -> Change:
    """What is in encoder.json; None: nothing."""

    def change(shop: PackageProject) -> None:
        path = shop.folder / "encoder" / "encoder.json"
        path.unlink()
        if text is not None:
            path.write_text(text)

    return change


def profile(line: str, old: str = "      threads: 4\n") -> Change:
    """Another line in the profile."""

    def change(shop: PackageProject) -> None:
        path = shop.folder / "profiles.yml"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, line if old != "      threads: 4\n" else old + line, 1))

    return change


def other_version(path: Callable[[PackageProject], Path]) -> Change:
    """The header names a version that no DuckDB has."""

    def change(shop: PackageProject) -> None:
        content = bytearray(path(shop).read_bytes())
        content[12:20] = (60_000).to_bytes(8, "little")
        path(shop).chmod(0o644)
        path(shop).write_bytes(content)

    return change


def in_the_future(shop: PackageProject) -> None:
    """Events of next century, or a clock of the last."""
    shop.change('update raw.orders set "order" = "order" + interval 100 year')


@contextmanager
def opened(path: Path, read_only: bool) -> Iterator[None]:
    """Another process has a database open."""
    command = [sys.executable, "-c", OPENING.format(read_only), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        holder.stdout.readline()
        yield
        holder.communicate("")


@contextmanager
def small_disk(place: Path, size: str, files: list[Path]) -> Iterator[None]:
    """A file system of its own under a folder, which holds copies of the files and has no room for more."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        for path in files:
            shutil.copyfile(path, place / path.name)
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


@contextmanager
def read_only_folder(shop: PackageProject) -> Iterator[None]:
    """The folder of the published file may not be written to, not even by root."""
    place = shop.folder / "disk"
    with small_disk(place, "100m", [shop.published]):
        subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
        yield


@contextmanager
def warehouse_on_small_disk(shop: PackageProject) -> Iterator[None]:
    """Warehouse and published file on a file system with little room."""
    place = shop.folder / "disk"
    size = (shop.database.stat().st_size + shop.published.stat().st_size) // 2**20 + 2
    with small_disk(place, f"{size}m", [shop.database, shop.published]):
        os.environ["GARDEN_SHOP_DATABASE"] = "disk/garden_shop.duckdb"
        try:
            yield
        finally:
            del os.environ["GARDEN_SHOP_DATABASE"]


def less_memory(shop: PackageProject) -> None:
    """DuckDB gets so little that a query of a model fails."""
    with (shop.folder / "dbt_project.yml").open("a") as file:
        file.write("\non-run-start: [\"set memory_limit = '3MB'\"]\n")


def in_new_process(shop: PackageProject, command: list[str], stop_at: str) -> Outcome:
    """Run dbt and kill it with its children where its log has the words."""
    dbt = [*DBT, *command]
    with subprocess.Popen(dbt, cwd=shop.folder, stdout=subprocess.PIPE, text=True, start_new_session=True) as run:
        assert run.stdout
        for line in run.stdout:
            if stop_at in line:
                os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    return Outcome(run.returncode == 0, "killed", "killed")


EXPORTS = {"two_tower_exports": "exports"}
ON_DISK = {"two_tower_published_file": "disk/published.duckdb"}
MADE_AGAIN = "holds no whole run"
FAULTS = {
    "user tower: file missing": Fault(without("user_model"), "cannot be read (No such file", SERVE),
    "item tower: file missing": Fault(without("item_model"), "cannot be read (No such file", SERVE),
    "ranker: file missing": Fault(without("ranker_model"), "cannot be read (No such file", SERVE),
    "user tower: file cut": Fault(cut(lambda s: tower(s, "user_model")), "is not a whole ONNX file", SERVE),
    "ranker: other content": Fault(garbage(lambda s: tower(s, "ranker_model")), "is not a whole ONNX file", SERVE),
    "user tower: that of the evaluation": Fault(swapped("user_model"), "the file was swapped", SERVE),
    "item tower: in place of the user tower": Fault(
        lambda s: shutil.copyfile(tower(s, "item_model"), tower(s, "user_model")), "is not the user tower", SERVE
    ),
    "item tower: written anew on another day": Fault(
        lambda s: rewritten(s, "item_model", lambda _: None, is_registered=False), "has another checksum", SERVE
    ),
    "user tower: unreadable": Fault(circle("user_model"), "cannot be read (Too many levels", SERVE),
    "user tower: a folder in its place": Fault(
        folder_in_place(lambda s: tower(s, "user_model")), "is not a whole ONNX file", SERVE
    ),
    "folder of models gone": Fault(
        lambda s: shutil.rmtree(s.folder / "artifacts"), "cannot be read (No such file", SERVE
    ),
    "user tower gives NaN": Fault(giving("nan"), "gives NaN or infinity for", SERVE),
    "user tower gives infinity": Fault(giving("inf"), "gives NaN or infinity for", SERVE),
    "registry of towers without rows": Fault(
        lambda s: s.change(f"delete from {SCHEMA}.model_registry"), "has no run of stage production", SERVE
    ),
    "run.json is []": Fault(log_of_towers("[]"), "", TRAIN),
    "run.json is {}": Fault(log_of_towers("{}"), "", TRAIN),
    "run.json without checksums": Fault(log_of_towers(None), "", TRAIN),
    "run.json cut": Fault(cut(lambda s: tower(s, "user_model").parent / "run.json"), "", TRAIN),
    "encoder.json missing": Fault(encoder(None), "two-tower export-encoder", ENCODE),
    "encoder.json is no JSON": Fault(encoder("{"), "two-tower export-encoder", ENCODE),
    "encoder.json is []": Fault(encoder("[]"), "two-tower export-encoder", ENCODE),
    "encoder.json with a wrong value": Fault(
        encoder('{"reads": "text", "output": "states", "max_length": "16", "pooling": "mean"}'),
        'max_length in encoder.json is "16", not a whole number', ENCODE,
    ),
    "published file missing": Fault(lambda s: s.published.unlink(), publishes=True),
    "published file cut": Fault(cut(lambda s: s.published), "cannot be read as a published set"),
    "published file: other content": Fault(garbage(lambda s: s.published), "cannot be read as a published set"),
    "published file: header of another version": Fault(
        other_version(lambda s: s.published), "cannot be read as a published set"
    ),
    "published file: a folder in its place": Fault(
        folder_in_place(lambda s: s.published), "cannot be read as a published set"
    ),
    "archive of sets: a file in its place": Fault(
        lambda s: (shutil.rmtree(f"{s.published}.sets"), Path(f"{s.published}.sets").touch()),
        "no set could be written",
    ),
    "folder of the published file may not be written": Fault(
        says="no set could be written", variables=ON_DISK, around=read_only_folder
    ),
    "disk of the published file full": Fault(
        says="no set could be written", variables=ON_DISK,
        around=lambda s: small_disk(s.folder / "disk", "20m", [s.published]),
    ),
    "disk of the warehouse full": Fault(
        says="No space left", run=WHOLE, around=warehouse_on_small_disk, is_ours=False
    ),
    "rollback to a set that is cut": Fault(
        cut(lambda s: sorted(Path(f"{s.published}.sets").glob("*.duckdb"))[-2]), "cannot be read as a published set",
        ["run-operation", "two_tower.rollback"],
    ),
    "exports: a file in the folder's place": Fault(
        lambda s: (s.folder / "exports").touch(), "var two_tower_exports: no export can be written", variables=EXPORTS
    ),
    "exports: the last one damaged": Fault(
        lambda s: (s.folder / "exports" / "000001").mkdir(parents=True),
        "var two_tower_exports: no export can be written", variables=EXPORTS,
    ),
    "warehouse: open in another process": Fault(
        says="another process has the database open", around=lambda s: opened(s.database, read_only=False)
    ),
    "warehouse: open for reading elsewhere": Fault(
        says="another process has the database open", around=lambda s: opened(s.database, read_only=True)
    ),
    "published file: open for reading": Fault(around=lambda s: opened(s.published, read_only=True), publishes=True),
    "warehouse: file cut": Fault(cut(lambda s: s.database), "cannot open it as a database"),
    "warehouse: other content": Fault(garbage(lambda s: s.database), "cannot open it as a database"),
    "warehouse: header of another version": Fault(other_version(lambda s: s.database), "cannot open it as a database"),
    "memory_limit: 1MB": Fault(profile("      settings: {memory_limit: 1MB}\n"), "is too low"),
    "memory_limit: lots": Fault(profile("      settings: {memory_limit: lots}\n"), "Memory must have a number"),
    "memory_limit misspelt": Fault(
        profile("      settings: {memory_limt: 4GB}\n"), "unrecognized configuration parameter"
    ),
    "memory runs out in a model": Fault(less_memory, "Out of Memory Error", WHOLE, is_ours=False),
    "plugin misspelt": Fault(
        profile("two_tower.python_udfs.plugins", "two_tower.python_udfs.plugin"), "Unable to import module",
        is_ours=False, has_traceback=True,
    ),
    "two_tower_as_of: yesterday": Fault(
        says="var two_tower_as_of: 'yesterday' is no moment", run=SPLIT, variables={"two_tower_as_of": "yesterday"}
    ),
    "two_tower_as_of before the first event": Fault(
        says="(var two_tower_as_of)", run=SPLIT, variables={"two_tower_as_of": "1999-01-01"}
    ),
    "two_tower_as_of long after the newest event": Fault(
        says="(var two_tower_as_of)", run=SPLIT, variables={"two_tower_as_of": "2199-01-01"}
    ),
    "clock in the past: events in the future": Fault(
        in_the_future, "in the future", ["run", "--select", "two_tower,stg_interactions", "two_tower,publication"]
    ),
    "what a killed publication has left": Fault(
        lambda s: Path(f"{s.published}.000009.tmp").write_text("half"), publishes=True
    ),
    "publication killed": Fault(says="killed", is_ours=False),
}  # fmt: skip


@dataclass
class Seen:
    """What came of a fault."""

    outcome: Outcome
    untouched: bool

    def problem(self, fault: Fault) -> str:
        """What is other than expected."""
        if "Traceback" in self.outcome.output and not fault.has_traceback:
            return "traceback"
        if self.outcome.passed == bool(fault.says) or fault.says not in self.outcome.errors:
            return "another outcome"
        if fault.says and fault.is_ours and not ("Remedy: " in self.outcome.errors or ";" in self.outcome.errors):
            return "no remedy"
        return "" if self.untouched or fault.publishes else "set touched"

    def told(self, fault: Fault) -> str:
        """The line that tells the error."""
        lines = [line.strip() for line in self.outcome.errors.splitlines() if line.strip()]
        found = next((line for line in lines if fault.says and fault.says in line), lines[-1] if lines else "")
        return "success" if self.outcome.passed else found


def state(path: Path) -> Any:
    """What readers have: the content of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else path.exists()


def meet(shop: PackageProject, name: str, fault: Fault, whole: bool) -> Seen:
    """Do it, run, and look."""
    fault.change(shop)
    place = shop.folder / fault.variables.get("two_tower_published_file", "published.duckdb")
    command = WHOLE if whole and fault.run not in (TRAIN, ENCODE) else fault.run
    with fault.around(shop) if fault.around else TemporaryDirectory():
        before = state(place)
        if name == "publication killed":
            outcome = in_new_process(shop, command, "START python table model main__recommender.publication")
        else:
            outcome = shop.dbt(*command, **fault.variables)
        return Seen(outcome, state(place) == before)


def keep(shop: PackageProject, kept: Path) -> None:
    """Copy what faults change."""
    for pattern in KEPT:
        for path in shop.folder.glob(pattern):
            shutil.copytree(path, kept / path.name) if path.is_dir() else shutil.copy2(path, kept / path.name)


@contextmanager
def put_back(shop: PackageProject, kept: Path) -> Iterator[None]:
    """What a fault and its run change is afterwards as in `kept`."""
    try:
        yield
    finally:
        for pattern in (*KEPT, "exports"):
            for path in shop.folder.glob(pattern):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        shutil.copytree(kept, shop.folder, symlinks=True, dirs_exist_ok=True)


def prepared(folder: Path, kept: Path) -> PackageProject:
    """A published shop with an encoder, and a copy of what faults change."""
    is_new = not (folder / "published.duckdb").exists()
    shop = make_package_project(folder) if is_new else PackageProject(folder)
    if is_new:
        shop.dbt("run").must_pass()
    if not (folder / "encoder").exists():
        write_text_encoder(folder / "encoder")
        (folder / "models" / "group_vectors.sql").write_text(ENCODER)
        shop.dbt(*ENCODE).must_pass()
    keep(shop, kept)
    return shop


def main() -> None:
    """Meet the faults one by one; exits with 1 where something is other than expected."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="a shop that an earlier call has built here is used again")
    parser.add_argument("--only", default="", help="faults whose name has these words")
    parser.add_argument("--whole", action="store_true", help="whole refreshes")
    given = parser.parse_args()
    wrong = 0
    with TemporaryDirectory() as made, TemporaryDirectory() as kept:
        shop = prepared(given.folder or Path(made) / "shop", Path(kept))
        print("| fault | what comes | set untouched | other than expected |\n|---|---|---|---|")
        for name, fault in FAULTS.items():
            if given.only in name:
                with put_back(shop, Path(kept)):
                    seen = meet(shop, name, fault, given.whole)
                problem = seen.problem(fault)
                wrong += bool(problem)
                told = seen.told(fault).replace(str(shop.folder), "").replace("|", "/")
                print(f"| {name} | {told} | {'yes' if seen.untouched else 'no'} | {problem} |", flush=True)
    print(f"{wrong} other than expected")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
