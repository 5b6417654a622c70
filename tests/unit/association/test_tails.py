"""Risk at both ends: odds ratios counted by hand, cut at percentiles of the controls."""

import numpy as np
import pytest
import statsmodels.api as sm

from builders import POOLED, asked, cohort_data, make_study, people
from igfmood.association.question import add_answers
from igfmood.association.questions import tails
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})


def ask(table, term, names=(), study=STUDY, **more):
    return asked(table, study, "tails", "depression", "log_or", term, covariates=names, **more)


def both_tails(n=400, seed=2):
    """Cases spread more widely than controls: low and high ones are more often cases."""
    table = people({"control": n, "mdd": n}, seed=seed)
    case = table["diagnosis"] == "mdd"
    return table.assign(igf1_sds=table["igf1_sds"] * np.where(case, 1.6, 1.0))


def counts(table, low, high):
    """Return cases and controls below, between and above, shape (2, 3)."""
    part = np.digitize(table["igf1_sds"], [low, high])
    case = (table["diagnosis"] == "mdd").to_numpy()
    return np.array([[((part == k) & (case == c)).sum() for k in range(3)] for c in (True, False)])


def cuts(table):
    return np.percentile(table.loc[table["diagnosis"] == "control", "igf1_sds"], [10, 90])


def test_without_covariates_they_are_odds_ratios_of_a_table_of_counts():
    table = both_tails()
    n = counts(table, *cuts(table))
    assert list(n[1]) == [40, 320, 40]
    odds = np.log(n[0] / n[1])
    low, high, excess = (ask(table, term) for term in ("low", "high", "excess"))
    # Maximum likelihood of a saturated model: exact.
    assert low["estimate"] == pytest.approx(odds[0] - odds[1], rel=1e-7)
    assert high["estimate"] == pytest.approx(odds[2] - odds[1], rel=1e-7)
    assert excess["estimate"] == pytest.approx((odds[0] + odds[2]) / 2 - odds[1], rel=1e-7)
    variance = (1 / n).sum(axis=0)
    assert low["se"] == pytest.approx(np.sqrt(variance[0] + variance[1]), rel=1e-6)
    assert high["se"] == pytest.approx(np.sqrt(variance[2] + variance[1]), rel=1e-6)
    # Both are against the same middle, so that their mean has its whole variance.
    by_hand = (variance[0] + variance[2]) / 4 + variance[1]
    assert excess["se"] == pytest.approx(np.sqrt(by_hand), rel=1e-6)
    assert (low["n"], low["n_events"]) == (800, 400)
    assert min(low["ci_low"], high["ci_low"]) > 0


def test_what_is_low_is_told_by_controls_alone():
    """Cases moved down by 3 SD leave the cuts where they were: every case is low."""
    table = both_tails()
    shifted = table.assign(igf1_sds=table["igf1_sds"] - 3 * (table["diagnosis"] == "mdd"))
    n = counts(shifted, *cuts(table))
    found = ask(shifted, "low")
    assert found["estimate"] == pytest.approx(
        np.log(n[0, 0] / n[1, 0]) - np.log(n[0, 1] / n[1, 1]), rel=1e-6
    )
    assert n[0, 0] > 300


def test_percentiles_are_those_of_the_study():
    study = make_study(imputation={"m": 0}, shape={"low_percentile": 20, "high_percentile": 75})
    table = both_tails()
    controls = table.loc[table["diagnosis"] == "control", "igf1_sds"]
    n = counts(table, *np.percentile(controls, [20, 75]))
    found = ask(table, "high", study=study)
    assert found["estimate"] == pytest.approx(
        np.log(n[0, 2] / n[1, 2]) - np.log(n[0, 1] / n[1, 1]), rel=1e-7
    )
    assert "below the 20th and above the 75th percentile of the controls" in found["method"]


def test_covariates_enter_the_logistic_model():
    table = both_tails()
    table["bmi"] += 2 * (table["diagnosis"] == "mdd")
    low, high = cuts(table)
    z = table["igf1_sds"].to_numpy()
    case = (table["diagnosis"] == "mdd").to_numpy(float)
    design = np.column_stack([np.ones(800), z < low, z > high, table["bmi"]]).astype(float)
    expected = sm.Logit(case, design).fit(disp=0, tol=1e-12)
    found = ask(table, "low", names=["bmi"])
    assert found["estimate"] == pytest.approx(expected.params[1], rel=1e-6)
    assert found["se"] == pytest.approx(expected.bse[1], rel=1e-6)


def test_curvature_is_the_squared_score_beside_the_score():
    table = both_tails()
    z = table["igf1_sds"].to_numpy()
    design = np.column_stack([np.ones(800), z**2, z])
    expected = sm.Logit((table["diagnosis"] == "mdd").astype(float), design).fit(disp=0, tol=1e-12)
    found = ask(table, "squared")
    assert found["estimate"] == pytest.approx(np.asarray(expected.params)[1], rel=1e-6)
    assert found["se"] == pytest.approx(np.asarray(expected.bse)[1], rel=1e-6)
    # Normal scores of SD 1 and 1.6: the log odds are (1 - 1 / 1.6^2) / 2 times the square.
    assert found["ci_low"] < (1 - 1 / 1.6**2) / 2 < found["ci_high"]


def test_groups_that_differ_by_a_shift_alone_have_opposite_tails_and_no_curvature():
    table = people({"control": 600, "mdd": 600}, effects={"mdd": -0.8}, seed=5)
    assert ask(table, "low")["ci_low"] > 0
    assert ask(table, "high")["ci_high"] < 0
    squared = ask(table, "squared")
    assert squared["ci_low"] < 0 < squared["ci_high"]


def test_a_tail_without_a_case_is_estimated_by_firth():
    table = people({"control": 300, "mdd": 100}, effects={"mdd": -4}, seed=5)
    low, high = cuts(table)
    assert counts(table, low, high)[0, 2] == 0
    found = ask(table, "high")
    assert "Firth" in found["method"]
    assert np.isfinite([found["estimate"], found["se"]]).all()
    # In a saturated model Firth's penalty adds 1/2 to every cell.
    n = counts(table, low, high) + 0.5
    by_hand = np.log(n[0, 2] / n[1, 2]) - np.log(n[0, 1] / n[1, 1])
    assert found["estimate"] == pytest.approx(by_hand, rel=1e-6)


def test_percentiles_of_a_survey_are_those_of_its_population():
    table = both_tails().sort_values("igf1_sds", ignore_index=True)
    n = len(table)
    weights = np.where(table["igf1_sds"] < 0, 4.0, 1.0)
    table = table.assign(
        weight_survey=weights, stratum_survey=(np.arange(n) % 6).astype(str),
        psu_survey=(np.arange(n) // 6 % 2).astype(str),
    )  # fmt: skip
    controls = table["diagnosis"] == "control"
    repeated = np.repeat(table.loc[controls, "igf1_sds"], weights[controls].astype(int))
    low, high = np.percentile(repeated, [10, 90], method="inverted_cdf")
    assert low < cuts(table)[0] - 0.1
    z, case = table["igf1_sds"].to_numpy(), ~controls.to_numpy()
    design = np.column_stack([np.ones(n), z < low, z > high]).astype(float)
    fit = sm.GLM(case.astype(float), design, family=sm.families.Binomial(), freq_weights=weights)
    expected = fit.fit(tol=1e-12).params
    assert ask(table, "low")["estimate"] == pytest.approx(expected[1], rel=1e-6)
    assert ask(table, "high")["estimate"] == pytest.approx(expected[2], rel=1e-6)
    assert "weighted logistic" in ask(table, "excess")["method"]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (people({"control": 40, "mdd": 40}), "too few people with a low score: [4-9] < 10"),
        (people({"control": 300, "mdd": 9}), "diagnosis mdd: 9 < 10"),
        (both_tails().assign(igf1_sds=np.nan), "no reference curve"),
        (both_tails().assign(bmi=np.nan), "bmi is not in this cohort"),
    ],
)
def test_what_cannot_be_estimated_says_why(table, reason):
    with pytest.raises(NotEstimable, match=reason):
        ask(table, "low", names=["bmi"])


def test_every_tier_has_its_rows_and_no_subset_has():
    study = make_study(imputation={"m": 20, "iterations": 3})
    rows = Rows(POOLED)
    table = both_tails()
    table.loc[:40, "bmi"] = np.nan
    data = cohort_data(table, study)
    for question in tails.questions(study):
        add_answers(rows, question, data)
    table = rows.table()
    terms = {"low", "high", "excess", "squared"}
    strata = {("unadjusted", "all"), ("adjusted", "all"), ("adjusted", "complete_cases")}
    expected = {(t.name, *one, term) for t in study.tasks for one in strata for term in terms}
    columns = table[["target", "adjustment", "stratum", "term"]]
    assert set(columns.itertuples(index=False, name=None)) == expected
    assert len(table) == len(expected)
    done = table.set_index(["target", "adjustment", "stratum", "term"]).loc["depression"]
    assert (done["status"] == "ok").all()
    assert "20 imputations" in done.loc[("adjusted", "all", "low"), "method"]
    assert done.loc[("adjusted", "complete_cases", "low"), "n"] == 800 - 41
    assert set(table.loc[table["target"] == "bipolar", "status"]) == {"not_estimable"}
