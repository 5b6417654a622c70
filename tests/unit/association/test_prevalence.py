"""The share with a PHQ-9 of 10 or more, of a sample and of a population."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from builders import POOLED, cohort_data, make_study, people
from igfmood.association.prevalence import add_prevalence, share
from igfmood.errors import NotEstimable
from igfmood.results import Rows

STUDY = make_study(imputation={"m": 0})


def scored(n=200, high=30, missing=20):
    """People of whom the first have a high total, and the last none."""
    total = np.where(np.arange(n) < high, 14.0, 3.0)
    total[n - missing :] = np.nan
    return people({"control": n}).assign(phq9_total=total)


def surveyed(table, seed=1):
    n = len(table)
    return table.assign(
        weight_survey=np.random.default_rng(seed).uniform(1, 6, n),
        stratum_survey=np.arange(n) % 5, psu_survey=np.arange(n) // 5 % 2,
    ).astype({"stratum_survey": str, "psu_survey": str})  # fmt: skip


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_sample_has_its_share_with_wilsons_interval(level):
    study = make_study(imputation={"m": 0}, level=level)
    found = share(cohort_data(scored(), study))
    low, high = proportion_confint(30, 180, 1 - level, "wilson")
    assert found["estimate"] == 30 / 180
    assert (found["ci_low"], found["ci_high"]) == pytest.approx((low, high), rel=1e-10)
    assert (found["n"], found["n_events"]) == (180, 30)
    assert "unweighted" in found["method"]


def test_ten_counts_and_nine_does_not():
    table = people({"control": 40}).assign(phq9_total=np.repeat([9.0, 10.0], [30, 10]))
    assert share(cohort_data(table, STUDY))["n_events"] == 10


def test_a_survey_has_the_weighted_share_and_the_error_of_its_units():
    table = surveyed(scored())
    found = share(cohort_data(table, STUDY))
    known = table["phq9_total"].notna().to_numpy()
    weights = table["weight_survey"].to_numpy() * known
    high = (table["phq9_total"] >= 10).to_numpy(float)
    mean = (weights @ high) / weights.sum()
    assert found["estimate"] == pytest.approx(mean, rel=1e-10)
    # Two units a stratum: the squared difference of their totals; the unanswered add nothing.
    pull = weights * (high - mean) / weights.sum()
    totals = table.assign(pull=pull).groupby(["stratum_survey", "psu_survey"])["pull"].sum()
    variance = (totals.unstack().diff(axis=1).iloc[:, 1] ** 2).sum()
    assert found["se"] == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert found["df"] == 5
    half = stats.t.ppf(0.975, 5) * found["se"] / (mean * (1 - mean))
    odds = np.log(mean / (1 - mean))
    expected = 1 / (1 + np.exp(-(odds + np.array([-half, half]))))
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(expected, rel=1e-9)
    assert "Taylor" in found["method"]


def test_the_interval_of_a_rare_state_stays_above_zero():
    """A symmetrical interval would begin below 0 here."""
    found = share(cohort_data(surveyed(scored(high=2)), STUDY))
    assert found["estimate"] - stats.t.ppf(0.975, found["df"]) * found["se"] < 0
    assert 0 < found["ci_low"] < found["estimate"] < found["ci_high"] < 1


def test_people_without_a_weight_are_no_part_of_the_population():
    table = surveyed(scored(missing=0))
    outside = table.assign(weight_survey=table["weight_survey"].mask(table.index < 30, 0.0))
    with pytest.raises(NotEstimable, match="no residual variance"):
        share(cohort_data(outside, STUDY))
    some = table.assign(weight_survey=table["weight_survey"].mask(table.index < 10, 0.0))
    found = share(cohort_data(some, STUDY))
    weights = some["weight_survey"]
    assert found["estimate"] == pytest.approx(weights[:30].sum() / weights.sum(), rel=1e-10)
    assert (found["n"], found["n_events"]) == (190, 20)


def test_a_survey_may_be_ignored():
    found = share(cohort_data(surveyed(scored()), STUDY, survey="ignore"))
    assert found["estimate"] == 30 / 180


def written(table):
    rows = Rows(POOLED)
    add_prevalence(rows, cohort_data(table, STUDY))
    return rows.table()


def test_there_is_one_row_whether_or_not_there_is_a_number():
    keys = ("prevalence", "phq9_10", "proportion", "all")
    for table, status in ((scored(), "ok"), (scored(n=30, missing=21), "not_estimable")):
        found = written(table)
        assert len(found) == 1
        row = found.iloc[0]
        assert (row["analysis"], row["target"], row["measure"], row["stratum"]) == keys
        assert row["status"] == status
    assert row["reason"] == "too few people with a PHQ-9: 9 < 10"
    assert np.isnan(row["estimate"])
