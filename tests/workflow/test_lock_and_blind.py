"""Before outcomes are read: a locked study says what was fixed, a blind run tells no outcome."""

import json
from pathlib import Path

import pandas as pd
import pytest

from igfmood import results
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.intake.lock import lock_study, outcomes_read
from workflow.project import FAST, Project, make_project, said


def test_the_verdicts_of_a_locked_study_are_prespecified(fast: Project):
    lock = json.loads((fast.folder / "config/synthetic.lock.json").read_text(encoding="utf-8"))
    assert [one["outcomes_read"] for one in lock["locks"]] == [False]
    assert set(lock["locks"][0]["tables"]) >= {"clinic", "imaging", "trial"}
    found = json.loads((fast.results() / "pooled/lock.json").read_text(encoding="utf-8"))
    named = f"hash {lock['locks'][0]['hash'][:12]}"
    assert found["says"].startswith("pre-specified at 20")
    assert found["says"].endswith(named)
    assert all(found["claims"].values())
    assert (found["changed"], found["tables"], found["dropped"]) == ([], [], [])
    verdicts = json.loads((fast.results() / "pooled/verdicts.json").read_text(encoding="utf-8"))
    assert {one["prespecified"] for one in verdicts} == {found["says"]}
    assert named in (fast.results() / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def blind(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A blind run of two cohorts, which imputes as the full one does."""
    project = make_project(tmp_path_factory.mktemp("blind"))
    fewer = {key: value for key, value in FAST.items() if key != "imputation"}
    project.write(project.config("clinic", "imaging") | fewer, "config/config.yaml")
    result = project.run("blind")
    assert result.returncode == 0, said(result)
    return project


def files(project: Project) -> set[str]:
    """Return every file of the results but logs and benchmarks."""
    paths = (path for path in project.results().rglob("*") if path.is_file())
    names = {path.relative_to(project.results()).as_posix() for path in paths}
    return {name for name in names if not name.startswith(("logs/", "benchmarks/"))}


def test_a_blind_run_writes_no_participants_no_estimates_and_no_verdicts(blind: Project):
    figures = {f"blind/figures/{name}.png" for name in
               ("flow", "missing", "measured", "reference", "worm")}  # fmt: skip
    quarantine = {f"blind/private/{name}/quarantine.csv" for name in ("clinic", "imaging")}
    assert files(blind) == figures | quarantine | {
        "blind.html", "blind/results.parquet", "blind/flows.json", "claims.used.yaml",
        "config.used.yaml",
    }  # fmt: skip


def test_no_number_of_a_blind_run_is_one_of_the_analyte_by_outcome(blind: Project):
    table = results.read(blind.results() / "blind/results.parquet")
    assert set(table["status"]) <= {"ok", "not_estimable"}
    assert not {"contrast", "validation", "severity", "equivalence", "below_limit"} & set(
        table["analysis"]
    )
    groups = table["stratum"].isin(set(DIAGNOSES) - {"unknown"}) | (table["target"] != "")
    told = table[groups & (table["status"] == "ok")]
    assert set(told["measure"]) == {
        "count", "within_batch", "r2_batch", "people", "smallest_effect",
    }  # fmt: skip
    assert told.loc[told["measure"] == "count", "exposure"].eq("igf1_batch").all()
    for name in ("clinic", "imaging"):
        quarantine = pd.read_csv(blind.results() / f"blind/private/{name}/quarantine.csv")
        assert list(quarantine) == ["row", "column", "value", "reason"]


def test_a_blind_run_counts_the_people_of_a_full_one(blind: Project, fast: Project):
    sizes = results.read(blind.results() / "blind/results.parquet")
    full = results.read(fast.results() / "pooled/results.parquet")
    keys = {"analysis": "contrast", "target": "depression", "measure": "smd", "stratum": "all",
            "adjustment": "adjusted", "term": ""}  # fmt: skip
    for cohort in ("clinic", "imaging"):
        size = results.select(sizes, cohort=cohort, claim="depression_lower", measure="people")
        (row,) = results.select(full, cohort=cohort, **keys).to_dict("records")
        assert (size["n"].item(), size["n_events"].item()) == (row["n"], row["n_events"])


def test_a_lock_after_a_blind_run_counts(blind: Project, monkeypatch: pytest.MonkeyPatch):
    assert not outcomes_read(blind.results())
    monkeypatch.chdir(blind.folder)
    assert lock_study(Path("config/config.yaml")).file.valid is not None
