"""From pooled rows to a verdict, the rows it rests on, and what was computed for it."""

import json
from dataclasses import replace

import pytest

from builders import POOLED, make_study, result_table
from igfmood import results
from igfmood.config.claims import Claim
from igfmood.errors import DataError
from igfmood.evidence.judge import judge_claim
from igfmood.evidence.prespecified import NOT_LOCKED
from igfmood.evidence.study import Fixed, judge_study, lacking, link_claims
from igfmood.results import Rows
from igfmood.synthesis.row_keys import NORMAL_TERM, companion

STUDY = make_study()
LOWER = {
    "id": "lower", "statement": "IGF-1 is lower in depression.", "category": "susceptibility",
    "estimand": {"analysis": "contrast", "target": "depression", "measure": "smd",
                 "adjustment": "adjusted"},
    "direction": "lower", "margin": 0.2,
}  # fmt: skip
TEST = {
    "id": "test", "statement": "IGF-1 is a test for depression.", "category": "diagnostic",
    "kind": "diagnostic", "bound": 0.7, "margin": 0.02, "contrast": "adjusted",
    "estimand": {"analysis": "validation", "target": "depression", "measure": "auc",
                 "adjustment": "base_analyte"},
}  # fmt: skip
SHARED = {
    "target": "depression",
    "exposure": "igf1_sds",
    "stratum": "all",
    "n": 500,
    "n_events": 200,
}
SMD = {**SHARED, "analysis": "contrast", "model": "ols_hc3", "adjustment": "adjusted"}
AUC = {**SHARED, "analysis": "validation", "model": "logistic", "adjustment": "base_analyte"}


def effect(estimate, half, k=3, df=100.0):
    se = half / 1.98
    limits = {"ci_low": estimate - half, "ci_high": estimate + half}
    return [
        {**SMD, "measure": "smd", "estimate": estimate, "se": se, "df": df, **limits},
        {**SMD, "measure": "k", "term": "smd", "estimate": k},
    ]


def diagnostic(auc, half, added, added_half, k=3, difference=0.5):
    return [
        {**AUC, "measure": "auc", "estimate": auc, "ci_low": auc - half, "ci_high": auc + half},
        {**AUC, "measure": "k", "term": "auc", "estimate": k},
        {**AUC, "measure": "delta_auc", "term": "over base", "estimate": added, "df": 100.0,
         "se": added_half / 1.98, "ci_low": added - added_half, "ci_high": added + added_half},
        *effect(difference, 0.2),
    ]  # fmt: skip


def judged(claim, *rows):
    collected = Rows(POOLED)
    table = result_table(*rows)
    found = judge_claim(Claim.model_validate(claim), table, collected, STUDY)
    assert set(found.result_ids) <= set(table["result_id"])
    return found, collected.table().set_index("analysis")


@pytest.mark.parametrize(
    ("estimate", "half", "verdict"),
    [
        (-0.5, 0.2, "SUPPORTED"), (0.5, 0.2, "REFUTED"), (0.0, 0.1, "REFUTED"),
        (-0.3, 0.2, "INCONCLUSIVE"),
    ],
)  # fmt: skip
def test_an_effect_is_judged_by_its_pooled_row(estimate, half, verdict):
    found, computed = judged(LOWER, *effect(estimate, half))
    assert found.judgement.verdict == verdict
    assert len(found.result_ids) == 1
    assert "equivalence" in computed.index
    assert ("n_to_settle" in computed.index) == (verdict == "INCONCLUSIVE")


def test_the_equivalence_test_is_written_with_its_own_level():
    _, computed = judged(LOWER, *effect(-0.3, 0.2))
    row = computed.loc["equivalence"]
    assert row["level"] == pytest.approx(0.9)
    assert row["claim"] == "lower"
    assert -0.5 < row["ci_low"] < row["ci_high"] < -0.1


def test_an_inconclusive_claim_says_how_many_people_would_settle_it():
    _, computed = judged(LOWER, *effect(-0.3, 0.2))
    # Half width 0.2, distance to the margin 0.1: four times as many people.
    assert computed.loc["n_to_settle", "estimate"] == pytest.approx(2000, abs=1)
    _, computed = judged(LOWER, *effect(-0.2, 0.2))
    assert computed.loc["n_to_settle", "status"] == "not_estimable"


def test_a_diagnostic_claim_rests_on_auc_and_added_auc():
    found, computed = judged(TEST, *diagnostic(0.78, 0.05, 0.06, 0.03))
    assert found.judgement.verdict == "SUPPORTED"
    assert len(found.result_ids) == 3
    assert "n_to_settle" not in computed.index


def test_n_to_settle_of_a_test_looks_at_the_added_auc_too():
    # The AUC is settled already; the added AUC needs (0.06 / 0.02)^2 as many people.
    found, computed = judged(TEST, *diagnostic(0.80, 0.05, 0.04, 0.06))
    assert found.judgement.verdict == "INCONCLUSIVE"
    assert computed.loc["n_to_settle", "estimate"] == pytest.approx(4500, abs=1)


@pytest.mark.parametrize(("tau2", "settled"), [(0.0, True), (1.0, False)])
def test_what_stays_of_an_auc_is_asked_on_its_own_scale(tau2, settled):
    # Pooled on the logit scale, an AUC has an interval and no standard error.
    rows = diagnostic(0.68, 0.05, 0.06, 0.03)
    assert "se" not in rows[0]
    heterogeneity = {**AUC, "measure": "tau2", "term": "auc", "estimate": tau2}
    found, computed = judged(TEST, *rows, heterogeneity)
    assert found.judgement.verdict == "INCONCLUSIVE"
    assert (computed.loc["n_to_settle", "status"] == "ok") == settled


def test_a_test_that_points_away_from_the_claim_is_refuted():
    found, _ = judged(TEST, *diagnostic(0.78, 0.05, 0.06, 0.03, difference=-0.5))
    assert found.judgement.verdict == "REFUTED"
    assert "opposite" in found.judgement.reason


def test_too_few_cohorts_are_not_evaluable_whatever_the_estimate():
    found, computed = judged({**LOWER, "min_cohorts": 4}, *effect(-0.9, 0.1))
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert found.judgement.reason == "too few cohorts: k = 3 < 4"
    assert computed.empty


def test_what_was_not_estimable_is_not_evaluable_with_the_same_reason():
    rows = Rows(POOLED)
    rows.add_not_estimable("one study only", **SMD, measure="smd")
    found = judge_claim(Claim.model_validate(LOWER), rows.table(), Rows(POOLED), STUDY)
    assert (found.judgement.verdict, found.judgement.reason) == ("NOT_EVALUABLE", "one study only")


def test_a_diagnostic_claim_without_added_auc_is_not_evaluable():
    found, _ = judged(TEST, *diagnostic(0.8, 0.05, 0.06, 0.03)[:2])
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert "added AUC" in found.judgement.reason


def test_a_claim_about_genes_without_genetic_tables_says_what_is_missing():
    claim = {
        **LOWER,
        "estimand": {"analysis": "mendelian", "target": "depression", "measure": "beta"},
    }
    found, _ = judged(claim)
    assert found.judgement.verdict == "NOT_EVALUABLE"
    assert found.judgement.reason.startswith("no genetic summary tables are given")


def test_rows_of_one_cohort_prediction_intervals_and_subsets_are_not_the_pooled_estimate():
    decoys = [
        {**SMD, "measure": "smd", "estimate": 0.9, "cohort": "clinic"},
        {**SMD, "measure": "smd", "estimate": 0.9, "term": "prediction_interval"},
        {**SMD, "measure": "smd", "estimate": 0.9, "stratum": "without clinic"},
        {**SMD, "measure": "smd", "estimate": 0.9, "adjustment": "unadjusted"},
    ]
    found, _ = judged(LOWER, *decoys, *effect(-0.5, 0.2))
    assert found.judgement.verdict == "SUPPORTED"


def test_rows_are_linked_to_the_claim_they_are_evidence_for():
    table = result_table(
        *effect(-0.5, 0.2), {**SMD, "target": "bipolar", "measure": "smd", "estimate": 1}
    )
    linked = link_claims(table, [Claim.model_validate(LOWER)]).set_index("target")["claim"]
    assert linked["depression"].tolist() == ["lower", "lower"]
    assert linked["bipolar"] == ""


def test_a_study_is_judged_from_its_files(tmp_path):
    import yaml

    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"claims": [LOWER, TEST]}))
    results.write(result_table(*effect(-0.5, 0.2)), tmp_path / "a.parquet")
    out, verdicts = tmp_path / "results.parquet", tmp_path / "verdicts.json"
    fixed = Fixed(None, {}, {}, tmp_path / "lock.json")
    judge_study(
        STUDY, tmp_path / "claims.yaml", [tmp_path / "a.parquet"], [], POOLED, out, verdicts, fixed
    )
    found = json.loads(verdicts.read_text())
    assert [item["verdict"] for item in found] == ["SUPPORTED", "NOT_EVALUABLE"]
    assert set(found[0]) == {
        "claim", "verdict", "reason", "statement", "result_ids", "prespecified",
    }  # fmt: skip
    assert {item["prespecified"] for item in found} == {NOT_LOCKED}
    assert json.loads((tmp_path / "lock.json").read_text())["says"] == NOT_LOCKED
    table = results.read(out)
    assert set(found[0]["result_ids"]) <= set(table["result_id"])
    assert table["result_id"].is_unique
    with pytest.raises(DataError):
        results.read(verdicts)


def test_a_verdict_names_the_cohorts_that_failed_and_could_not_count():
    found = judge_claim(
        Claim.model_validate(LOWER), result_table(*effect(-0.6, 0.1)), Rows(POOLED), STUDY
    )
    assert found.without_cohorts([]) == found
    reason = found.without_cohorts(["register", "trial"]).as_dict()["reason"]
    assert reason.startswith(found.judgement.reason)
    assert reason.endswith("not counted, because they failed: register, trial")


@pytest.mark.parametrize(
    ("stage", "task", "missed_by"),
    [
        ("cohort", "", {"lower", "test"}),
        # The claim of a test asks for a difference between the groups too.
        ("association", "", {"lower", "test"}),
        ("cross_validation", "", set()),
        ("validation", "depression", {"test"}),
        ("validation", "bipolar", set()),
    ],
)
def test_a_failure_is_told_with_the_claims_that_rest_on_what_failed(stage, task, missed_by):
    rows = Rows(replace(POOLED, cohort="trial"))
    rows.add_failure(stage, "broken", term=task)
    for claim in map(Claim.model_validate, (LOWER, TEST)):
        expected = ["trial"] if claim.id in missed_by else []
        assert lacking(rows.table(), claim) == expected


def normal(row, half):
    limits = {"ci_low": row["estimate"] - half, "ci_high": row["estimate"] + half}
    term = companion(row.get("term", ""), NORMAL_TERM)
    return {**row, "term": term, "se": half / 1.96, "df": None, **limits}


def test_cohorts_that_happen_to_agree_support_nothing_alone():
    rows = effect(-0.26, 0.02, k=2, df=1.0)
    assert judged(LOWER, *rows)[0].judgement.verdict == "SUPPORTED"
    found, computed = judged(LOWER, *rows, normal(rows[0], 0.31))
    assert found.judgement.verdict == "INCONCLUSIVE"
    assert found.judgement.reason.endswith(
        "; decided by the normal interval (95 % -0.57 to 0.05), which is wider than the "
        "Knapp-Hartung one"
    )
    assert computed.loc["equivalence", "se"] == pytest.approx(0.31 / 1.96)


def test_limits_have_the_decimals_that_tell_them_from_zero_and_margin():
    rows = effect(-0.3, 0.02, k=2, df=1.0)
    found, _ = judged(LOWER, *rows, normal(rows[0], 0.2971))
    assert "(95 % -0.597 to -0.003)" in found.judgement.reason


def test_equivalence_names_the_interval_of_its_level():
    rows = effect(0.0, 0.01, k=2, df=1.0)
    found, computed = judged(LOWER, *rows, normal(rows[0], 0.1))
    assert found.judgement.verdict == "REFUTED"
    low, high = computed.loc["equivalence", ["ci_low", "ci_high"]]
    assert f"(90 % {low:.2f} to {high:.2f})" in found.judgement.reason
    assert high < 0.1


def test_a_narrower_normal_interval_changes_nothing():
    rows = effect(-0.5, 0.2)
    found, computed = judged(LOWER, *rows, normal(rows[0], 0.1))
    assert found.judgement == judged(LOWER, *rows)[0].judgement
    assert computed.loc["equivalence", "se"] == pytest.approx(0.2 / 1.98)


def test_a_test_is_judged_by_the_wider_intervals_too():
    rows = diagnostic(0.8, 0.02, 0.1, 0.02)
    assert judged(TEST, *rows)[0].judgement.verdict == "SUPPORTED"
    wide, _ = judged(TEST, *rows, normal(rows[0], 0.15))
    assert wide.judgement.verdict == "INCONCLUSIVE"
    assert "(95 % AUC 0.65 to 0.95)" in wide.judgement.reason
    assert judged(TEST, *rows, normal(rows[2], 0.15))[0].judgement.verdict == "INCONCLUSIVE"
    assert judged(TEST, *rows, normal(rows[3], 0.60))[0].judgement.verdict == "INCONCLUSIVE"
