"""Where the search for the baselines' parameters looks, and where it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import optuna

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..config import TrainingConfig

Parameters = dict[str, Any]

WEIGHTINGS = ("count", "log", "binary")
HALF_LIVES = (None, 30, 60, 90, 120, 180, 365)
STEP_DECAYS = (1.0, 0.99, 0.97, 0.95, 0.9, 0.8, 0.6)
UNWEIGHED = {"half_life_days": None, "step_decay": 1.0, "user_power": 0.0}
WEIGHED = {"weighting": "count", "half_life_days": 120, "step_decay": 1.0, "user_power": 0.5}
# The towers' settings: lowest and highest; on a logarithmic scale where the lowest is not 0
PREFERENCE = {
    "features": (16, 128),
    "epochs": (1, 8),
    "learning_rate": (0.0005, 0.02),
    "dropout": (0.0, 0.7),
    "id_dropout": (0.0, 0.4),
    "new_item_scale": (0.1, 1.0),
}
SEQUENCE = {
    "sequence_learning_rate": (0.0005, 0.02),
    "sequence_epochs": (3, 40),
    "sequence_dropout": (0.0, 0.7),
    "sequence_history_dropout": (0.0, 0.5),
    "sequence_id_dropout": (0.0, 0.5),
    "sequence": (65, 257),
}
PARTS = ("features", "sequence")  # of the embedding: at most a third of it each, the factors get the rest
RIDGES = (0.001, 200)  # regularization of ALS by its alpha
# Where earlier searches ended on The Complete Journey (benchmarks/tuning), what MovieLens wants, and a plain start
STARTS: Mapping[str, list[Parameters]] = {
    "als": [
        WEIGHED | {"factors": 256, "ridge": 20.0, "alpha": 0.5, "iterations": 8},
        WEIGHED | {"factors": 256, "ridge": 23.0, "alpha": 0.6, "iterations": 20, "half_life_days": 180},
        WEIGHED | {"factors": 512, "ridge": 6.0, "alpha": 0.5, "iterations": 14, "half_life_days": 30},
        WEIGHED  # wide and recent, on grocery orders
        | {
            "factors": 494,
            "ridge": 1.7,
            "alpha": 1.2,
            "iterations": 18,
            "user_power": 0.0,
            "half_life_days": None,
            "step_decay": 0.8,
        },
        WEIGHED | {"factors": 64, "ridge": 20.0, "alpha": 1.0, "iterations": 10, "half_life_days": None},
        WEIGHED
        | {
            "factors": 256,
            "ridge": 1.0,
            "alpha": 20.0,
            "iterations": 12,
            "user_power": 0.0,
            "half_life_days": None,
            "weighting": "binary",
        },
        WEIGHED  # the order of a history as what matters, on MovieLens
        | {
            "factors": 128,
            "ridge": 4.0,
            "alpha": 1.0,
            "iterations": 15,
            "user_power": 0.0,
            "half_life_days": None,
            "step_decay": 0.9,
            "weighting": "binary",
        },
        WEIGHED
        | {
            "factors": 8,
            "ridge": 10.0,
            "alpha": 5.0,
            "iterations": 12,
            "user_power": 0.0,
            "half_life_days": None,
            "weighting": "binary",
        },
    ],
    "ease": [
        WEIGHED | {"regularization": 1000.0, "own_share": 0.5, "user_power": 0.0, "weighting": "log"},
        WEIGHED | {"regularization": 100.0, "own_share": 0.5, "user_power": 0.0, "weighting": "log"},
    ],
    "item_knn": [
        WEIGHED | {"neighbours": 200, "shrinkage": 10.0, "own_share": 0.05, "weighting": "log"},
        WEIGHED | {"neighbours": 50, "shrinkage": 1.0, "own_share": 0.05, "weighting": "binary"},
    ],
}


def _number(trial: optuna.trial.BaseTrial, name: str, low: float, high: float) -> float:
    """A number on a logarithmic scale, rounded to three digits so that a var can state it exactly."""
    return float(f"{trial.suggest_float(name, low, high, log=True):.3g}")


def suggest_weighing(trial: optuna.trial.BaseTrial) -> Parameters:
    """What the three models share: how events become one number per (user, item)."""
    return {
        "weighting": trial.suggest_categorical("weighting", WEIGHTINGS),
        "half_life_days": trial.suggest_categorical("half_life_days", HALF_LIVES),
        "step_decay": trial.suggest_categorical("step_decay", STEP_DECAYS),
        "user_power": round(trial.suggest_float("user_power", 0, 1), 2),
    }


def suggest_als(trial: optuna.trial.BaseTrial) -> Parameters:
    """Factors, alpha, iterations, and regularization as a multiple of alpha, with which it has to rise and fall."""
    alpha = _number(trial, "alpha", 0.02, 200)
    return suggest_weighing(trial) | {
        "factors": trial.suggest_int("factors", 2, 512, log=True),
        "regularization": float(f"{alpha * trial.suggest_float('ridge', *RIDGES, log=True):.3g}"),
        "alpha": alpha,
        "iterations": trial.suggest_int("iterations", 4, 40, log=True),
    }


def suggest_ease(trial: optuna.trial.BaseTrial) -> Parameters:
    """Regularization of the linear model and how much of the user's own weight returns to the diagonal."""
    return suggest_weighing(trial) | {
        "regularization": _number(trial, "regularization", 1, 1e5),
        "own_weight": _own_weight(trial),
    }


def suggest_item_knn(trial: optuna.trial.BaseTrial) -> Parameters:
    """Neighbourhood, shrinkage of rare pairs and how much of the user's own weight is added."""
    return suggest_weighing(trial) | {
        "neighbours": trial.suggest_int("neighbours", 20, 500, log=True),
        "shrinkage": _number(trial, "shrinkage", 1e-1, 1e3),
        "own_weight": _own_weight(trial),
    }


def _own_weight(trial: optuna.trial.BaseTrial) -> float:
    """0 .. 0.999, finest close to 1: a sum over many neighbours is larger than any single own weight."""
    return float(f"{1 - trial.suggest_float('own_share', 1e-3, 1, log=True):.4g}")


def suggest_towers(trial: optuna.trial.BaseTrial, config: TrainingConfig, with_sequence: bool) -> Parameters:
    """Settings of training/config.py, around those in force; those of the sequence part where the shop has one."""
    found: Parameters = {}
    for name, (low, high) in (PREFERENCE | (SEQUENCE if with_sequence else {})).items():
        now = getattr(config, name)
        high = min(high, config.dim // 3) if name in PARTS else high
        low, high = min(low, high, now), max(high, now)
        if isinstance(now, int):
            found[name] = trial.suggest_int(name, int(low), int(high), log=low > 0)
        else:
            value = trial.suggest_float(name, low, high, log=low > 0)
            found[name] = float(f"{value:.3g}")
    return found


SPACES: Mapping[str, Callable[[optuna.trial.BaseTrial], Parameters]] = {
    "als": suggest_als,
    "ease": suggest_ease,
    "item_knn": suggest_item_knn,
}


def as_asked(model: str, parameters: Parameters) -> optuna.trial.FixedTrial | None:
    """The trial that leads to parameters which a search wrote down, as far as their rounding allows.

    What they do not name was not weighed. None where they lie outside of what is searched now.
    """
    given = UNWEIGHED | {name: value for name, value in parameters.items() if value is not None}
    if model == "als":
        given["ridge"] = _within(given["regularization"] / given["alpha"], *RIDGES)
    if "own_weight" in given:
        given["own_share"] = _within(1 - given["own_weight"], 1e-3, 1)
    trial = optuna.trial.FixedTrial(given)
    try:
        SPACES[model](trial)
        optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, value=0.0)
    except ValueError:
        return None
    return trial


def _within(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)
