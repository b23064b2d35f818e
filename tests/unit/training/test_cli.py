"""The command line: every command, its help, and what is missing."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from helpers.small_encoders import write_text_encoder
from two_tower.training import cli


def test_the_distribution_has_the_command() -> None:
    (entry,) = metadata.entry_points(group="console_scripts", name="two-tower")
    assert entry.load() is cli.main
    done = subprocess.run(
        [Path(sys.executable).with_name("two-tower"), "--help"], capture_output=True, text=True, check=True
    )
    assert all(f"  {name} " in done.stdout for name in cli.COMMANDS)


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_each_command_has_a_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main([name, "--help"])
    assert stopped.value.code == 0
    assert f"usage: two-tower {name} " in capsys.readouterr().out


def test_another_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["tune_baselines"])
    assert stopped.value.code == 2
    assert "tune-baselines" in capsys.readouterr().err


def test_a_package_of_an_extra_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "two_tower.training.tuning.towers", raising=False)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(SystemExit, match=r"two-tower tune: optuna is not installed; pip install 'two-tower\[train\]'"):
        cli.main(["tune", "--database", "nothing.duckdb"])


def test_a_folder_of_an_encoder_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text_encoder(tmp_path / "source")
    cli.main(["export-encoder", str(tmp_path / "made"), str(tmp_path / "source")])
    assert f"{tmp_path / 'made'}: " in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "made").iterdir()} >= {"model.onnx", "encoder.json", "tokenizer.json"}
