"""The default study: what it writes, and that its numbers agree with what was planted."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.special import logit, ndtr
from scipy.stats import t

from igfmood import results
from igfmood.config.load import load_claims
from workflow.project import ROOT, Project, said

COHORTS = ("clinic", "register", "population", "trial", "imaging")
#: Contrasts, and what else is predicted.
TASKS = {
    "depression", "bipolar", "bipolar_vs_depression", "phq9_10", "response",
    "incident_depression", "incident_bipolar", "diagnosis",
}  # fmt: skip
PLANTED = {"depression": "depression_lower", "bipolar": "bipolar_deficiency"}


@pytest.fixture(scope="module")
def table(finished: Project) -> pd.DataFrame:
    return results.read(finished.results() / "pooled/results.parquet")


@pytest.fixture(scope="module")
def truth(finished: Project) -> dict:
    return yaml.safe_load(
        (finished.folder / "data_synthetic/truth.yaml").read_text(encoding="utf-8")
    )


def test_results_have_the_columns_of_the_contract(table):
    assert list(table.columns) == list(results.COLUMNS)
    assert table["result_id"].is_unique
    assert set(table["status"]) <= {"ok", "not_estimable"}
    assert (table["reason"] != "").equals(table["status"] != "ok")
    assert table.loc[table["status"] == "ok", "estimate"].notna().all()


def test_every_result_names_its_code_and_inputs(table):
    assert table["code"].str.fullmatch("[0-9a-f]{12}").all()
    assert table["inputs"].str.fullmatch("[0-9a-f]{12}").all()
    assert (table["seed"] == 20260101).all()


@pytest.mark.parametrize("name", COHORTS)
def test_no_row_is_lost(finished, name):
    flow = json.loads(
        (finished.results() / f"cohorts/{name}/flow.json").read_text(encoding="utf-8")
    )
    quarantine = pd.read_csv(finished.results() / f"private/{name}/quarantine.csv")
    excluded = sum(rule["rows"] for rule in flow["excluded"])
    assert flow["rows_in"] == flow["analysed"] + excluded + flow["quarantined"]
    assert flow["quarantined"] == quarantine["row"].nunique() > 0
    participants = pd.read_parquet(finished.results() / f"cohorts/{name}/participants.parquet")
    assert len(participants) == flow["analysed"]


@pytest.mark.parametrize("name", COHORTS)
def test_quarantine_holds_the_planted_rows_and_no_other(finished, truth, name):
    quarantine = pd.read_csv(finished.results() / f"private/{name}/quarantine.csv")
    planted = {row["row"] for row in truth["cohorts"][name]["bad"]}
    assert set(quarantine["row"]) == planted


@pytest.mark.parametrize(("task", "claim"), PLANTED.items())
def test_pooled_effects_agree_with_what_was_planted(table, truth, task, claim):
    pooled = results.select(
        table, cohort="pooled", analysis="contrast", target=task, adjustment="adjusted",
        measure="smd", stratum="all", term="",
    ).iloc[0]  # fmt: skip
    planted = truth["claims"][claim]["true_value"]
    assert pooled["ci_low"] < planted < pooled["ci_high"]
    assert pooled["estimate"] == pytest.approx(planted, abs=0.1)


def test_verdicts_follow_from_what_was_planted(finished):
    verdicts = json.loads((finished.results() / "pooled/verdicts.json").read_text(encoding="utf-8"))
    assert [set(verdict) for verdict in verdicts] == [
        {"claim", "verdict", "reason", "statement", "result_ids", "prespecified"}
    ] * len(verdicts)
    found = {verdict["claim"]: verdict["verdict"] for verdict in verdicts}
    assert found["depression_lower"] == "SUPPORTED"
    assert found["bipolar_deficiency"] == "REFUTED"
    assert found["diagnostic_depression"] != "SUPPORTED"
    # High IGF-1 marks bipolar disorder here: the opposite of the deficiency that is claimed.
    assert found["diagnostic_bipolar"] == "REFUTED"
    # More risk at low levels only: the upper tail has less, not more.
    assert found["both_tails"] == "REFUTED"
    assert found["cognition"] == found["hippocampal_volume"] == "SUPPORTED"
    # A trial whose small draw happens to point the other way, as truth.yaml tells.
    assert found["treatment_response"] == "REFUTED"
    for claim in ("incident_bipolar", "cognitive_decline", "genetic_depression", "genetic_bipolar"):
        assert found[claim] == "NOT_EVALUABLE"


def test_estimates_agree_with_what_was_planted(table, truth):
    """Within three standard errors of the truth; the claims by number are in truth.yaml."""
    asked = {
        claim.id: claim.estimand for claim in load_claims(ROOT / "config/claims.yaml").claims
        if claim.kind == "effect"
    }  # fmt: skip
    planted = {name: entry["true_value"] for name, entry in truth["claims"].items()}
    others = truth["other_effects"]
    planted["incident_depression"] = truth["other_effects"][
        "incident_depression_log_hazard_per_sds"
    ]
    planted["treatment_change"] = others["phq9_within_group_sds"]
    trial = truth["cohorts"]["trial"]["realised_response_per_true_sds"]
    planted["treatment_response"] = trial["difference"]["log_odds"]
    del planted["both_tails"]  # another scale: the next test
    compared = 0
    for name, value in planted.items():
        if name in asked:
            keys = asked[name].model_dump(exclude={"also"})
            keys["stratum"] = keys.pop("population")
            row = results.select(table, cohort="pooled", **keys).iloc[0]
            assert abs(row["estimate"] - value) < 3 * row["se"], (name, row["estimate"], value)
            compared += 1
    assert compared == 8


def test_the_planted_shape_is_a_line(table):
    curved = results.select(
        table, cohort="pooled", analysis="tails", target="depression", term="squared",
        measure="log_or", stratum="all", adjustment="adjusted",
    ).iloc[0]  # fmt: skip
    assert curved["status"] == "ok"
    assert abs(curved["estimate"]) < 3 * curved["se"]


def test_verdicts_rest_on_results_that_exist(finished, table):
    verdicts = json.loads((finished.results() / "pooled/verdicts.json").read_text(encoding="utf-8"))
    named = {result for verdict in verdicts for result in verdict["result_ids"]}
    assert named
    assert named <= set(table["result_id"])


def test_the_trial_without_controls_says_so(table):
    row = results.select(
        table, cohort="trial", analysis="contrast", target="depression", adjustment="adjusted",
        stratum="all", measure="smd",
    ).iloc[0]  # fmt: skip
    assert row["status"] == "not_estimable"
    assert "control" in row["reason"]


def added(table, **keys):
    """Return the row of one AUC, or added AUC, of the logistic model."""
    found = results.select(
        table, **{"model": "logistic", "stratum": "all", "measure": "auc", "term": "", **keys}
    )
    assert len(found) == 1
    return found.iloc[0]


def test_every_outcome_is_predicted_or_says_why_not(table):
    for analysis in ("cross_validation", "validation"):
        found = results.select(table, analysis=analysis, adjustment="base", term="", stratum="all")
        found = found[found["measure"].isin(["auc", "c_index", "hand_till"])]
        assert set(found["target"]) == TASKS
        for name in (*COHORTS, "pooled"):
            assert set(found.loc[found["cohort"] == name, "target"]) == TASKS, name


@pytest.mark.parametrize(
    ("task", "claim"),
    [("depression", "diagnostic_depression"), ("bipolar", "diagnostic_bipolar")],
)
def test_the_marker_alone_has_the_auc_that_was_planted(table, truth, task, claim):
    planted = truth["claims"][claim]["implied_auc_marker_alone"]
    assert planted == pytest.approx(ndtr(0.6 / np.sqrt(2)), abs=1e-4)
    row = added(table, cohort="pooled", analysis="validation", target=task, adjustment="analyte")
    # The synthesis is on the logit scale, and so is its error.
    half = (logit(row["ci_high"]) - logit(row["ci_low"])) / 2
    se = half / t.ppf(0.975, row["df"])
    assert abs(logit(row["estimate"]) - logit(planted)) < 3 * se
    assert row["estimate"] == pytest.approx(planted, abs=0.04)


def test_the_marker_adds_to_age_sex_and_bmi_where_it_was_planted_and_not_elsewhere(table):
    new = {"measure": "delta_auc", "adjustment": "base_analyte", "term": "over base"}
    for analysis in ("cross_validation", "validation"):
        row = added(table, cohort="pooled", analysis=analysis, target="depression", **new)
        assert row["ci_low"] > 0, analysis
    trial = {"cohort": "trial", "analysis": "cross_validation", "target": "response"}
    row = added(table, adjustment="analyte", **trial)
    assert abs(row["estimate"] - 0.5) < 3 * row["se"]
    assert added(table, **trial, **new)["ci_low"] < 0


def test_models_that_may_leave_the_study_are_there_and_hold_no_person(finished):
    models = finished.results() / "release/models"
    assert {path.name for path in models.iterdir() if path.is_dir()} <= TASKS
    assert (models / "depression/base_analyte.json").is_file()
    people = pd.read_parquet(finished.results() / "cohorts/clinic/participants.parquet")
    text = "".join(path.read_text(encoding="utf-8") for path in models.rglob("*.json"))
    assert not [name for name in people["participant_id"] if name in text]


def test_every_prediction_is_out_of_fold(finished):
    predictions = pd.read_parquet(finished.results() / "pooled/predictions.parquet")
    keys = ["analysis", "task", "model", "tier", "repeat", "imputation", "held_out", "of"]
    assert not predictions.duplicated([*keys, "participant"]).any()
    assert predictions["p"].between(0, 1).all()
    assert set(predictions["task"]) == TASKS - {"incident_bipolar"}  # no cohort knows of any
    validation = predictions[predictions["analysis"] == "validation"]
    assert set(validation.loc[validation["task"] == "depression", "held_out"]) == {
        "clinic", "register", "population", "imaging",
    }  # fmt: skip


def test_configuration_is_written_back_with_its_defaults(project):
    result = project.run("--", "results/synthetic/config.used.yaml")
    assert result.returncode == 0, said(result)
    used = yaml.safe_load((project.results() / "config.used.yaml").read_text(encoding="utf-8"))
    assert used["resampling"] == {
        "folds": 5, "repeats": 5, "comparison_repeats": 1, "bootstrap": 50, "permutations": 20,
        "intervals": 1000, "imputations": 5,
    }  # fmt: skip
    assert used["prediction"]["models"] == ["logistic", "elastic_net", "boosting"]
    assert used["disclosure"]["min_cell"] == 10
    assert [cohort["name"] for cohort in used["cohorts"]] == list(COHORTS)


def test_every_job_left_a_log_and_a_benchmark(finished):
    jobs = [
        f"{stage}.{name}"
        for stage in ("participants", "association", "cross_validation")
        for name in COHORTS
    ]
    jobs += ["overlap", "synthesis", "performance", "freeze", "evidence", "report", "used_config"]
    jobs += ["operating.0", "complete", "release"]
    assert {path.stem for path in (finished.results() / "logs").glob("*.log")} == set(jobs)
    assert {path.stem for path in (finished.results() / "benchmarks").glob("*.tsv")} == set(jobs)


def test_console_says_where_the_report_is_and_how_the_claims_came_out(finished):
    console = (finished.folder / "console.txt").read_text(encoding="utf-8")
    assert "Report: results/synthetic/report.html" in console
    assert "SUPPORTED      IGF-1 is lower in people with depression" in console
    assert "SUPPORTED      Higher IGF-1 goes with better cognition." in console
