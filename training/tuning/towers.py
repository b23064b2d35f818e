"""Search the settings of the towers on the validation window: what `make tune-towers` runs.

two-tower tune --database two_tower.duckdb [--minutes 60] [--trials 40] [--out tuned.yml]

Reads the tables of a built project, starts from the settings of its last training run and fits with the window before
the test window held out; the test window is never read. The settings of the factors are those that the last run chose:
they hardly depend on what is searched. Trials are rows of the table `tower_trials` in the same database: a second call
goes on where the first one was stopped, as long as the data and the code are the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, fields, replace
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import optuna
import yaml

from ..baselines.lists import Policy
from ..config import TrainingConfig
from ..fit.optimise import Epoch
from ..fit.schedule import search
from ..fit.validation import validation_recall
from ..inputs.examples import Examples
from ..model.layout import has_repeats, layout_of
from ..progress import Progress
from ..run_ids import Relations, run_id_of
from ..runs import CHANGING, INPUTS, changing_columns, of_stage, read_examples
from .spaces import suggest_towers
from .tables import VALIDATION_CUTOFF, built_tables

STAGE, SERVE = "evaluation", 1
OWN_VARS = ("dim", "users", "seed", "ordered")  # settings that other vars give
CHOSEN = "factors_"  # begins the settings that every search of a training run chooses anew
PHASES = ("sequence", "preference")  # whose epochs are compared with the same epochs of other trials
MOST_EPOCHS = 1000
LOCKED_SECONDS = 600  # to wait for dbt, which writes to the same file
COLUMNS = "trial_id, data_id, policy, state, recall, settings, epochs, seconds, tried_at"
CREATE = """
    create table if not exists {schema}.tower_trials (
        trial_id integer, data_id varchar, policy varchar, state varchar, recall double,
        settings map(varchar, double), epochs map(integer, double), seconds double, tried_at timestamp
    )
"""
ADD = f"""
    insert into {{schema}}.tower_trials ({COLUMNS})
    select coalesce(max(trial_id) + 1, 0), $1, $2, $3, $4, $5, $6, $7, now() at time zone 'UTC'
    from {{schema}}.tower_trials where data_id = $1 and policy = $2
"""
TRIED = "select * from {schema}.tower_trials where data_id = ? and policy = ? order by trial_id asc"
Trial = optuna.trial.FrozenTrial
ENDED = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)


@dataclass(frozen=True)
class Task:
    """What is searched: examples, the settings in force, what a trial is judged by, and the hash of the data."""

    examples: Examples
    config: TrainingConfig
    policy: Policy
    data_id: str

    def settings_of(self, trial: optuna.trial.BaseTrial) -> dict[str, float]:
        """The settings that a trial suggests."""
        return suggest_towers(trial, self.config, layout_of(self.examples, self.config).sequence > 0)

    def in_force(self) -> dict[str, float]:
        """The settings before the search, as far as they are searched."""
        return self.settings_of(optuna.trial.FixedTrial(self.config.as_dict()))


@dataclass(frozen=True)
class Warehouse:
    """The database file and the schema of the project; opened for moments only, since DuckDB has one writer."""

    database: str
    schema: str

    def connect(self, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Open the file, waiting for whoever writes to it."""
        until = time.monotonic() + LOCKED_SECONDS
        while True:
            try:
                return duckdb.connect(self.database, read_only=read_only)
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() > until:
                    raise
                time.sleep(5)

    def read(self, policy: Policy | None) -> Task:
        """What the evaluation stage's training run reads, and the settings it last had."""
        with self.connect(read_only=True) as connection:
            names = (*INPUTS, *chain(*CHANGING.values()), "training_runs")
            relations: Relations = built_tables(connection, self.database, self.schema, names)
            run = relations["training_runs"].filter(f"stage = '{STAGE}' and kind = 'parameter'")
            values: dict[str, float] = dict(run.select("name, value").fetchall())
            known = {field.name for field in fields(TrainingConfig)}
            config = TrainingConfig.from_settings({name: values[name] for name in values.keys() & known})
            own = of_stage({name: relations[name] for name in INPUTS}, STAGE, SERVE, config.users)
            examples = read_examples(own, changing_columns(relations), SERVE)
            searched = Task(examples, config, "unseen_only", "").in_force()
            alike: dict[str, Any] = {name: getattr(TrainingConfig, name) for name in (*searched, "threads")}
            chosen: Policy = policy or ("allow_repeats" if has_repeats(examples) else "unseen_only")
            found = own["cutoff_targets"].filter(f"cutoff = {VALIDATION_CUTOFF}")
            if not (found.filter("not is_repeat") if chosen == "unseen_only" else found).limit(1).fetchall():
                sys.exit(
                    f"policy {chosen}: there is nothing to find in the validation window; search with --policy "
                    f"{'allow_repeats' if chosen == 'unseen_only' else 'unseen_only'}, or load what is missing there"
                )
            return Task(examples, config, chosen, run_id_of(own, replace(config, **alike)))

    def tried(self, task: Task) -> list[Trial]:
        """Earlier trials of the task, but for those outside of what is searched now."""
        with self.connect(read_only=False) as connection:
            connection.execute(CREATE.format(schema=self.schema))
            found = connection.execute(TRIED.format(schema=self.schema), [task.data_id, task.policy])
            names = [column[0] for column in found.description or ()]
            rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return [trial for trial in (told(task, row) for row in rows) if trial]

    def add(self, task: Task, trial: Trial, seconds: float) -> None:
        """Write one trial down."""
        settings = task.settings_of(optuna.trial.FixedTrial(trial.params))
        is_whole = trial.state == optuna.trial.TrialState.COMPLETE
        recall = trial.value if is_whole else None
        epochs, state = trial.intermediate_values, trial.state.name.lower()
        row = [task.data_id, task.policy, state, recall, settings, epochs, seconds]
        with self.connect(read_only=False) as connection:
            connection.execute(ADD.format(schema=self.schema), row)


def told(task: Task, row: dict[str, Any]) -> Trial | None:
    """A trial as its row tells it; None where its settings lie outside of the space."""
    asked = optuna.trial.FixedTrial(row["settings"])
    try:
        task.settings_of(asked)
        return optuna.trial.create_trial(
            state=optuna.trial.TrialState[row["state"].upper()], value=row["recall"], params=asked.params,
            distributions=asked.distributions, intermediate_values=row["epochs"],
        )  # fmt: skip
    except ValueError:
        return None


def measure(task: Task, trial: optuna.trial.BaseTrial) -> float:
    """Validation recall@10 of the towers that a trial's settings lead to. Raises TrialPruned when it falls behind."""
    epochs = dict.fromkeys(PHASES, 0)

    def on_epoch(epoch: Epoch) -> None:
        if task.policy in epoch.recall and epoch.phase in epochs:
            step = PHASES.index(epoch.phase) * MOST_EPOCHS + epochs[epoch.phase]
            epochs[epoch.phase] += 1
            trial.report(epoch.recall[task.policy], step)
            if trial.should_prune():
                raise optuna.TrialPruned

    config = TrainingConfig.from_settings(task.config.as_dict() | task.settings_of(trial))
    embedder, _, _ = search(task.examples, config, Progress(), on_epoch=on_epoch)
    return validation_recall(embedder, (task.policy,))[task.policy]


def tune(warehouse: Warehouse, task: Task, trials: int, minutes: float) -> optuna.Study:
    """Try settings until there are so many trials, or no more time to begin one; those in force, first, at any rate."""
    earlier = warehouse.tried(task)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=task.config.seed + len(earlier), n_startup_trials=8, multivariate=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1),
    )
    study.add_trials(earlier)
    study.enqueue_trial(task.in_force(), skip_if_exists=True)
    began = time.monotonic()
    while (ended := len(study.get_trials(states=ENDED))) < trials and (
        not ended or time.monotonic() - began < minutes * 60
    ):
        started = time.monotonic()
        study.optimize(lambda trial: measure(task, trial), n_trials=1)
        trial = study.trials[-1]
        warehouse.add(task, trial, round(time.monotonic() - started, 1))
        value = f"recall@10 {task.policy} {trial.value:.4f}, {trial.state.name.lower()}"
        print(f"trial {trial.number}: {value}, {task.settings_of(optuna.trial.FixedTrial(trial.params))}", flush=True)
    return study


def advice(task: Task, study: optuna.Study) -> str:
    """The best settings as the var of dbt_project.yml that leads to them; those of the factors are chosen by a fit."""
    defaults = TrainingConfig().as_dict()
    best = task.config.as_dict() | task.settings_of(optuna.trial.FixedTrial(study.best_trial.params))
    searched = {name for name in best if name not in OWN_VARS and not name.startswith(CHOSEN)}
    own = {name: best[name] for name in best if name in searched and best[name] != defaults[name]}
    ended = study.get_trials(states=ENDED)
    tried = {str(task.settings_of(optuna.trial.FixedTrial(trial.params))): trial.value for trial in ended}
    before = tried.get(str(task.in_force()))
    gain = f"# validation recall@10 {task.policy}: {study.best_value:.4f}"
    gain += f", with the settings before {before:.4f}" if before else ""
    return f"{gain}\n{yaml.safe_dump({'vars': {'two_tower_training': own}}, width=110)}"


def main(given: list[str] | None = None) -> None:
    """Parse the command line, search, print what was best."""
    parser = argparse.ArgumentParser("two-tower tune", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--database", required=True, help="DuckDB file of a built project; gets the table tower_trials")
    parser.add_argument("--schema", default="main")
    parser.add_argument(
        "--policy", choices=("allow_repeats", "unseen_only"), help="default: allow_repeats where things are had again"
    )
    parser.add_argument("--trials", type=int, default=40, help="earlier ones included")
    parser.add_argument("--minutes", type=float, default=60, help="after which no trial begins")
    parser.add_argument("--out", type=Path, help="file to write the vars with the best settings to, too")
    arguments = parser.parse_args(given)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warehouse = Warehouse(arguments.database, arguments.schema)
    task = warehouse.read(arguments.policy)
    text = advice(task, tune(warehouse, task, arguments.trials, arguments.minutes))
    print(text)
    if arguments.out:
        arguments.out.write_text(text)
