"""`igfmood lock`: what it writes, amends and says."""

import re

import pytest
import yaml

from builders import study_config
from igfmood.cli import main
from igfmood.config.load import parse_study, read_yaml
from igfmood.config.lock import find_lock, read_lock
from igfmood.errors import ConfigError
from igfmood.intake.lock import lock_study, outcomes_read, told

CLAIM = {
    "id": "lower", "statement": "IGF-1 is lower in depression.", "category": "susceptibility",
    "estimand": {"analysis": "contrast", "target": "depression", "measure": "smd",
                 "adjustment": "adjusted"},
    "direction": "lower", "margin": 0.2,
}  # fmt: skip


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A study file with its claims, in the working folder."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    return tmp_path / "demo.yaml"


def write(folder, claim=CLAIM, head="", **changes):
    config = study_config(claims="claims.yaml", data_root="data", **changes)
    (folder / "demo.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "claims.yaml").write_text(head + yaml.safe_dump({"claims": [claim]}))


def test_a_lock_holds_hashes_the_time_and_the_tables_that_are_there(study, capsys):
    assert main(["lock", "demo.yaml"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"demo\.lock\.json: lock of .* UTC, hash \w{12}; 1 claim\n", out)
    lock = read_lock(study.parent / "demo.lock.json").locks[0]
    assert not lock.outcomes_read
    assert lock.tables == {}
    assert set(lock.claims) == {"lower"}
    assert lock.time.endswith("+00:00")


def test_comments_and_white_space_change_nothing(study):
    first = lock_study(study)
    write(study.parent, head="# a comment\n\n")
    again = lock_study(study)
    assert (again.written, again.file) == (False, first.file)
    assert "nothing is written" in told(again)[0]


def test_a_second_lock_is_an_amendment_and_the_first_stays(study):
    first = lock_study(study).file.locks[0]
    write(study.parent, claim={**CLAIM, "margin": 0.1}, gates={"group_size": 5})
    (study.parent / "data").mkdir()
    (study.parent / "data/clinic.csv").write_text("id\n1\n")
    found = lock_study(study)
    assert found.file.locks[0] == first
    assert found.changed == [
        "claim.lower.margin 0.2 → 0.1", "gates.group_size 10 → 5", "tables.clinic added",
    ]  # fmt: skip
    assert "amendment of" in told(found)[0]


def test_a_lock_after_outcomes_were_read_says_so(study):
    blind = study.parent / "results/demo/blind"
    blind.mkdir(parents=True)
    (blind / "results.parquet").touch()
    assert not outcomes_read(blind.parent)
    table = study.parent / "results/demo/cohorts/clinic/association.parquet"
    table.parent.mkdir(parents=True)
    table.touch()
    found = lock_study(study)
    assert found.file.locks[0].outcomes_read
    assert found.file.valid is None
    assert "Outcomes had been read" in told(found)[-1]


def test_another_place_is_told_where_runs_look(study):
    found = lock_study(study, study.parent / "locks/mine.json")
    assert "write `lock: " in told(found)[-1]
    write(study.parent, lock="locks/mine.json")
    again = lock_study(study)
    assert (again.written, len(told(again))) == (False, 1)
    assert find_lock_of(study) == again.path


def find_lock_of(study_file):
    return find_lock(parse_study(read_yaml(study_file)), [study_file])


def test_a_study_with_errors_or_open_questions_is_not_locked(study):
    write(study.parent, gates={"group": 5})
    with pytest.raises(ConfigError, match="this key is not known"):
        lock_study(study)
    write(study.parent)
    study.write_text(study.read_text() + "# CONFIRM: is it so?\n")
    with pytest.raises(ConfigError, match="not confirmed"):
        lock_study(study)
    assert not (study.parent / "demo.lock.json").exists()


def test_the_lock_of_another_study_is_not_written_over(study):
    lock_study(study)
    (study.parent / "demo.lock.json").rename(study.parent / "other.lock.json")
    write(study.parent, study="other")
    with pytest.raises(ConfigError, match="lock of study 'demo', and this is 'other'"):
        lock_study(study)
