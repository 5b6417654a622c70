"""Other languages, clocks and paths, and other runs at the same time, change no byte."""

import os
import subprocess
import time
from pathlib import Path

import pandas as pd
import yaml

from faults.interrupted.runs import RESULTS, files_of, make_study, run, start
from workflow.project import Project

#: Put into every Python of a run: as a program does that wants its user's language.
AS_THE_USER_HAS_IT = """
import locale
locale.setlocale(locale.LC_ALL, "")
assert locale.localeconv()["decimal_point"] == ","
"""

#: What differs between the same numbers of two studies, whose name is in the files that they read.
OF_THE_STUDY = ["study", "result_id", "inputs"]


def german(folder: Path) -> dict[str, str]:
    """Return an environment in German, made here: a machine may not have it."""
    done = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", str(folder / "de_DE.UTF-8")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (folder / "de_DE.UTF-8").is_dir(), f"needs localedef and package locales: {done.stderr}"
    (folder / "sitecustomize.py").write_text(AS_THE_USER_HAS_IT, encoding="utf-8")
    return {
        "LOCPATH": str(folder), "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8",
        "PYTHONPATH": str(folder), "TZ": "Pacific/Kiritimati",
    }  # fmt: skip


def test_a_german_machine_in_another_time_zone_and_a_folder_with_any_letters(
    tmp_path: Path, expected: dict[str, str]
):
    (tmp_path / "locale").mkdir()
    project = make_study(tmp_path / "Größe und 研究")
    done = run(project, environment=german(tmp_path / "locale"))
    assert done.process.returncode == 0, done.said()
    assert files_of(project) == expected


def test_tables_and_cohorts_may_have_any_letters(study: Project, expected: dict[str, str]):
    data = study.folder / "data_synthetic"
    (data / "clinic.csv").rename(data / "Größe 研究.csv")
    config = study.config()
    config["cohorts"][0] |= {"table": "Größe 研究.csv", "label": "Ärzte – 研究"}
    study.write(config, "config/config.yaml")
    estimates = "cohorts/clinic/association.parquet"
    done = run(study, "--", f"{RESULTS}/{estimates}")
    assert done.process.returncode == 0, done.said()
    assert files_of(study)[estimates] == expected[estimates]


def test_a_table_from_the_future_is_told_and_costs_no_number_once_its_date_is_mended(
    study: Project, expected: dict[str, str]
):
    table = study.folder / "data_synthetic/clinic.csv"
    tomorrow = time.time() + 86_400
    os.utime(table, (tomorrow, tomorrow))
    refused = run(study)
    assert refused.process.returncode != 0
    assert "data_synthetic/clinic.csv" in refused.said()
    assert "modification time" in refused.said()
    os.utime(table)
    again = run(study)
    assert again.process.returncode == 0, again.said()
    assert files_of(study) == expected


def test_a_table_that_changes_during_the_run_is_told_and_the_next_run_reads_it(
    study: Project, expected: dict[str, str]
):
    table = study.folder / "data_synthetic/clinic.csv"
    before = table.read_bytes()
    running = start(study)
    running.until("performance")
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
    assert running.wait() != 0
    said = running.said()
    assert "clinic.csv changed after it was read" in said
    assert "run again" in said
    again = run(study)
    assert again.process.returncode == 0, again.said()
    assert files_of(study) != expected
    table.write_bytes(before)
    mended = run(study)
    assert mended.process.returncode == 0, mended.said()
    assert files_of(study) == expected


def test_two_studies_at_once_in_one_folder(study: Project, undisturbed: Project):
    estimates = "cohorts/clinic/association.parquet"
    for name in ("one", "two"):
        config = study.config("clinic") | {"study": name}
        (study.folder / f"{name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    running = [
        start(
            study, "--configfile", f"{name}.yaml", "--",
            f"results/{name}/{estimates}", name=f"{name}.txt",
        )
        for name in ("one", "two")
    ]  # fmt: skip
    for one in running:
        assert one.wait() == 0, one.said()
    numbers = pd.read_parquet(undisturbed.folder / RESULTS / estimates).drop(columns=OF_THE_STUDY)
    for name in ("one", "two"):
        found = pd.read_parquet(study.folder / f"results/{name}/{estimates}")
        pd.testing.assert_frame_equal(found.drop(columns=OF_THE_STUDY), numbers)


def test_a_second_run_of_the_same_study_is_refused_and_the_first_goes_on(
    study: Project, expected: dict[str, str]
):
    target = ("--", f"{RESULTS}/pooled/performance.parquet")
    first = start(study, *target)
    first.until("performance")
    second = run(study, *target, name="second.txt")
    assert second.process.returncode != 0
    assert "locked" in second.said().lower()
    assert "Traceback" not in second.said()
    assert first.wait() == 0, first.said()
    found = files_of(study)
    assert "pooled/performance.parquet" in found
    assert found.items() <= expected.items()
