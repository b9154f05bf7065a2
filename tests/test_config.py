"""clawpipe.toml: what a good one says, and what is said about a bad one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from clawpipe_tui.config import FILE_NAME, Config, cache_folder, config_folder, find_config, load_config, state_folder
from clawpipe_tui.config.objectives import Objective
from clawpipe_tui.errors import ConfigError, UsageError

GOOD = """\
[log]
files = "logs/**/*.parquet"
model = "m"
now   = "end"
[features]
numeric = ["x"]
[baseline]
files = ["base.parquet", "/elsewhere/*.parquet"]
[drift]
psi = 0.2
alpha = 0.001
"""


def _write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clawpipe.toml").write_text(text, encoding="utf-8")
    return folder / "clawpipe.toml"


OBJECTIVES = """\
[log]
files = "logs/*.parquet"
[objectives]
failed_pct = 2
[[objectives.rule]]
metric = "recall_pct"
minimum = 60
window = "6h"
[[objectives.rule]]
metric = "null_pct"
column = "amount"
maximum = 1
"""


def test_objectives_name_a_metric_a_limit_and_a_window(tmp_path: Path) -> None:
    """The short keys are objectives, too."""
    rules = load_config(_write(tmp_path, OBJECTIVES)).objectives.rules
    assert rules == (
        Objective("failed_pct", maximum=2.0),
        Objective("recall_pct", minimum=60.0, window_s=21_600),
        Objective("null_pct", maximum=1.0, column="amount"),
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "said", "hint"),
    [
        ('"recall_pct"', '"recal_pct"', 6, "There is no metric 'recal_pct'", "Did you mean 'recall_pct'?"),
        ("minimum = 60", "minimun = 60", 7, "An objective has no key 'minimun'", "Did you mean 'minimum'?"),
        ("minimum = 60\n", "", 6, "The objective recall_pct has no limit", "Give a minimum or a maximum."),
        ('"6h"', '"soon"', 8, "'soon' is not a span of time", "90s, 15m, 6h, 7d"),
        ('column = "amount"\n', "", 9, "null_pct needs the column", "A column goes with"),
        ("maximum = 1\n", "maximum = '1'\n", 12, "An objective's maximum must be a number", "In the unit"),
    ],
)
def test_an_objective_that_cannot_be_meant_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str, hint: str
) -> None:
    """Of several, the line in the one that is wrong."""
    path = _write(tmp_path, OBJECTIVES.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert f"{path}, line {line}: {said}" in str(caught.value)
    assert hint in caught.value.hint


def test_a_large_drift_cannot_be_smaller_than_a_drift(tmp_path: Path) -> None:
    """Thresholds have their unit in their name; the larger one follows the smaller unless it is given."""
    text = "[log]\nfiles = 'x'\n[drift]\npsi = 0.2\n"
    assert load_config(_write(tmp_path, text)).drift.psi_large == 0.5
    assert load_config(_write(tmp_path, text + "psi_large = 0.3")).drift.psi_large == 0.3
    with pytest.raises(ConfigError, match=r"line 5: .drift. psi_large is below psi"):
        load_config(_write(tmp_path, text + "psi_large = 0.1"))


def test_a_good_file_becomes_a_frozen_configuration(tmp_path: Path) -> None:
    """Paths are absolute, relative to the file, and each value knows where it came from."""
    config = load_config(_write(tmp_path, GOOD))
    assert config.log_files == (f"{tmp_path}/logs/**/*.parquet",)
    assert config.baseline_files == (f"{tmp_path}/base.parquet", "/elsewhere/*.parquet")
    assert (config.model, config.now, config.numeric, config.drift.psi) == ("m", "end", ("x",), 0.2)
    assert config.origin["drift.psi"] == str(tmp_path / "clawpipe.toml")


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        ("[log]\nfile = 'x'", 2, "[log] has no key 'file'", "Did you mean 'files'?"),
        ("[log]\nfiles = 'x'\n[drfit]\npsi = 1", 3, "[drfit] is not a known section", "Did you mean 'drift'?"),
        (
            "[log]\nfiles = 'x'\n[baseline]\nfiles = 5",
            4,
            "[baseline] files has the wrong type",
            "Wanted: text or a list.",
        ),
        ("[log]\nfiles = [1]", 2, "[log] files must be a list of texts", ""),
        ("[log]\nfiles = 'x'\n[drift]\npsi = true", 4, "[drift] psi has the wrong type", "Wanted: a number."),
        ("[log]\nfiles = 'x'\n[drift]\nalpha = 0", 4, "[drift] alpha cannot be 0", "A chance: above 0, at most 0.5."),
        (
            "[log]\nfiles = 'x'\n[console]\nwindow = 'soon'",
            4,
            "[console] window cannot be 'soon'",
            "A number and a unit",
        ),
        ("[log]\nfiles = 'x'\n[console]\nrefresh_s = nan", 4, "[console] refresh_s cannot be nan", "Seconds, above 0."),
        ("[log]\nfiles = 'x'\n[console]\ncharts = 'ascci'", 4, "[console] charts cannot be 'ascci'", "One of: braille"),
        ("[log]\nfiles = 'x'\nnow = 'later'", 3, "[log] now is 'later'", 'Write "end"'),
        (
            "[log]\nfiles = 'x'\n[log.columns]\nservd_at = 'ts'",
            4,
            "has no column 'servd_at'",
            "Did you mean 'served_at'?",
        ),
        ("[log]\nfiles = 'x'\n[log.columns]\nserved_at = 5", 4, "served_at must be an SQL expression", ""),
        ("[log]\nfiles = 'x'\n[features]\nnumeric = [1]", 4, "[features] numeric must be a list of texts", ""),
        ("log = 5", 1, "log must be a section", "Write [log]."),
    ],
)
def test_a_wrong_value_is_told_with_file_line_key_and_the_nearest_name(
    tmp_path: Path, text: str, line: int, said: str, hint: str
) -> None:
    """The line of the key in its own section."""
    path = _write(tmp_path, text)
    with pytest.raises(ConfigError) as told:
        load_config(path)
    assert told.value.message.startswith(f"{path}, line {line}: ")
    assert said in told.value.message
    assert hint in told.value.hint
    assert told.value.exit_code == 2


@pytest.mark.parametrize("content", [b"[log", b"\xff\xfe", b""])
def test_a_file_that_is_no_configuration_is_told(tmp_path: Path, content: bytes) -> None:
    """Not TOML, not text, nothing."""
    (tmp_path / "clawpipe.toml").write_bytes(content)
    with pytest.raises(ConfigError, match=r"clawpipe\.toml"):
        load_config(tmp_path / "clawpipe.toml")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ('"end"', "end"),
        ('"2026-11-07T14:00:00Z"', datetime(2026, 11, 7, 14, tzinfo=UTC)),
        ("2026-11-07T14:00:00", datetime(2026, 11, 7, 14, tzinfo=UTC)),
    ],
)
def test_the_clock_may_be_fixed(tmp_path: Path, now: str, expected: object) -> None:
    """As a text or as TOML's own time; without a zone it is UTC."""
    assert load_config(_write(tmp_path, f"[log]\nfiles='x'\nnow={now}")).now == expected


def test_a_folder_with_a_configuration_is_a_log(tmp_path: Path) -> None:
    """--logs takes the folder, the file, or nothing where the file is here."""
    path = _write(tmp_path, GOOD)
    assert find_config(str(tmp_path), Path("/")) == find_config(str(path), Path("/")) == find_config(None, tmp_path)


def test_a_folder_of_parquet_is_a_log(tmp_path: Path) -> None:
    """All Parquet files below it, whatever the folder is called."""
    (tmp_path / "logs [1]").mkdir()
    assert find_config("logs [1]", tmp_path) == Config(
        (f"{tmp_path}/logs [[]1]/**/*.parquet",), origin={"log.files": "--logs"}
    )


def test_a_glob_is_a_log(tmp_path: Path) -> None:
    """Relative to where one stands."""
    assert find_config("a/*.parquet", tmp_path).log_files == (f"{tmp_path}/a/*.parquet",)


def test_folders_in_a_file_mean_what_is_in_them(tmp_path: Path) -> None:
    """Parquet for logs, JSON for version documents."""
    for name in ("logs", "versions"):
        (tmp_path / name).mkdir()
    config = load_config(_write(tmp_path, '[log]\nfiles = "logs"\n[versions]\nfiles = "versions"'))
    assert config.log_files == (f"{tmp_path}/logs/**/*.parquet",)
    assert config.version_files == (f"{tmp_path}/versions/**/*.json",)


@pytest.mark.parametrize("logs", ["lgos", "~nobody-here/logs", "no/such/folder"])
def test_a_wrong_path_is_told(tmp_path: Path, logs: str) -> None:
    """With the nearest name where there is one."""
    (tmp_path / "logs").mkdir()
    with pytest.raises(UsageError) as told:
        find_config(logs, tmp_path)
    assert told.value.hint
    assert logs != "lgos" or told.value.hint == "Did you mean 'logs'?"


def test_no_log_at_all_is_told(tmp_path: Path) -> None:
    """With the command that shows it working."""
    with pytest.raises(UsageError, match="No log was named") as told:
        find_config(None, tmp_path)
    assert "clawpipe-tui demo" in told.value.hint


def test_what_a_file_leaves_open_about_the_console_the_users_own_says(own_folders: Path, tmp_path: Path) -> None:
    """Each with its origin; which environment a log is of, the user's own file cannot say for all logs."""
    own = own_folders / "config" / "clawpipe-tui" / FILE_NAME
    own.parent.mkdir(parents=True)
    own.write_text('[console]\ntheme = "light"\nwindow = "6h"\nwrite = true\nenvironment = "laptop"\n')
    here = tmp_path / FILE_NAME
    here.write_text('[log]\nfiles = "logs"\n[console]\nwindow = "15m"\n')
    config = find_config(None, tmp_path)
    assert (config.theme, config.window, config.write, config.environment) == ("light", "15m", True, "")
    assert (config.origin["console.theme"], config.origin["console.window"]) == (str(own), str(here))
    with pytest.raises(UsageError, match="No log was named"):
        find_config(None, own_folders)


def test_the_consoles_own_folders_follow_the_system(own_folders: Path) -> None:
    """XDG on Linux."""
    found = (config_folder(), cache_folder(), state_folder())
    assert found == tuple(own_folders / name / "clawpipe-tui" for name in ("config", "cache", "state"))
