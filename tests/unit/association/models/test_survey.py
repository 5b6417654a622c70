"""Survey-weighted estimates: what they must equal, and the designs they refuse."""

import numpy as np
import pandas as pd
import pytest

from igfmood.association.models.logistic import fit_logistic
from igfmood.association.models.survey import svy_linear, svy_logistic, svy_mean
from igfmood.errors import NotEstimable


@pytest.fixture
def survey():
    """Six strata of two units of ten people."""
    rng = np.random.default_rng(3)
    strata, psu = np.repeat(np.arange(6), 20), np.tile(np.repeat([1, 2], 10), 6)
    X = np.column_stack([np.ones(120), rng.normal(size=120)])
    effect = rng.normal(size=12)[strata * 2 + psu - 1]
    y = X @ [1.0, 0.5] + effect + rng.normal(size=120)
    return X, y, rng.uniform(1, 5, 120), strata, psu


def test_one_stratum_of_single_people_is_the_textbook_ratio_variance(survey):
    _, y, weights, _, _ = survey
    found = svy_mean(y, weights)
    share = weights / weights.sum()
    mean = share @ y
    scores = share * (y - mean)
    assert found.estimate == pytest.approx(mean, rel=1e-12)
    assert found.se == pytest.approx(np.sqrt(120 * scores.var(ddof=1)), rel=1e-12)
    assert found.df == 119


def test_pairs_of_units_are_the_sum_of_squared_half_differences(survey):
    X, y, weights, strata, psu = survey
    found = svy_linear(X, y, weights, strata, psu)
    bread = np.linalg.inv((X * weights[:, None]).T @ X)
    scores = (X * (weights * (y - X @ found.beta))[:, None]) @ bread
    cov = np.zeros((2, 2))
    for stratum in range(6):
        first, second = (scores[(strata == stratum) & (psu == u)].sum(axis=0) for u in (1, 2))
        cov += np.outer(first - second, first - second)
    np.testing.assert_allclose(found.cov, cov, rtol=1e-10)
    assert (found.df, found.n) == (6, 120)


def test_interval_is_by_student_t_on_the_designs_degrees_of_freedom(survey):
    X, y, weights, strata, psu = survey
    found = svy_linear(X, y, weights, strata, psu).contrast(1, 0.95)
    assert found.df == 6
    assert (found.ci_high - found.estimate) / found.se == pytest.approx(2.446912, abs=1e-6)


def test_outside_the_subpopulation_values_do_not_matter_but_units_do(survey):
    X, y, weights, strata, psu = survey
    inside = np.arange(120) % 3 > 0
    blanked = np.where(inside, y, np.nan)
    kept = svy_linear(X, blanked, weights, strata, psu, domain=inside)
    # A unit without anybody of the subpopulation still counts in its stratum.
    inside &= ~((strata == 2) & (psu == 1))
    fewer = svy_linear(X, y, weights, strata, psu, domain=inside)
    assert (kept.n, kept.df) == (80, 6)
    assert fewer.df == 5
    assert np.isfinite(fewer.se).all()


def test_scale_of_weights_and_order_of_rows_change_nothing(survey):
    X, y, weights, strata, psu = survey
    order = np.random.default_rng(1).permutation(120)
    one = svy_linear(X, y, weights, strata, psu)
    other = svy_linear(*(a[order] for a in (X, y, weights * 7e4, strata, psu)))
    np.testing.assert_allclose(other.beta, one.beta, rtol=1e-11)
    np.testing.assert_allclose(other.cov, one.cov, rtol=1e-9)


def test_equal_weights_give_the_maximum_likelihood_estimate(survey):
    X, y, _, strata, psu = survey
    found = svy_logistic(X, y > 1, np.full(120, 300.0), strata, psu)
    np.testing.assert_allclose(found.beta, fit_logistic(X, y > 1).coef, rtol=1e-8)


def test_weighted_logistic_solves_its_score_equation(survey):
    X, y, weights, strata, psu = survey
    found = svy_logistic(X, y > 1, weights, strata, psu)
    score = X.T @ (weights * ((y > 1) - 1 / (1 + np.exp(-X @ found.beta))))
    assert np.abs(score).max() < 1e-8


def test_people_without_weight_are_not_part_of_the_survey(survey):
    _, y, weights, strata, psu = survey
    labels = np.append(strata.astype(str), "")
    found = svy_mean(np.append(y, 99.0), np.append(weights, 0.0), labels, np.append(psu, 9))
    assert found == pytest.approx(svy_mean(y, weights, strata, psu), rel=1e-12)


def test_stratum_with_one_unit_is_named(survey):
    _, y, weights, strata, psu = survey
    alone = ~((strata == 4) & (psu == 2))
    with pytest.raises(NotEstimable, match=r"one sampling unit only.*: 4; give each"):
        svy_mean(y[alone], weights[alone], strata[alone], psu[alone])


def test_blank_label_is_counted(survey):
    _, y, weights, strata, psu = survey
    labels = strata.astype(str)
    labels[:3] = ""
    with pytest.raises(NotEstimable, match="3 people have a survey weight but no stratum"):
        svy_mean(y, weights, labels, psu)


def test_subpopulation_of_one_unit_per_stratum(survey):
    _, y, weights, strata, psu = survey
    with pytest.raises(NotEstimable, match="lies in 6 sampling units of as many strata"):
        svy_mean(y, weights, strata, psu, domain=psu == 1)


def test_nobody_and_no_variance(survey):
    _, y, weights, strata, psu = survey
    with pytest.raises(NotEstimable, match="n = 0"):
        svy_mean(y, weights, strata, psu, domain=np.zeros(120, bool))
    with pytest.raises(NotEstimable, match="no residual variance"):
        svy_mean(np.zeros(120), weights, strata, psu)


def test_separated_classes_are_refused(survey):
    X, _, weights, strata, psu = survey
    with pytest.raises(NotEstimable, match="separated"):
        svy_logistic(X, X[:, 1] > 0, weights, strata, psu)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.r_[-1.0, np.ones(119)]}, "negative"),
        ({"weights": np.ones(119)}, "do not match"),
        ({"strata": np.ones(119)}, "labels of the stratum"),
        ({"domain": np.ones(120)}, "domain must be bool"),
        ({"y": np.r_[np.nan, np.ones(119)]}, "missing or infinite"),
    ],
)
def test_wrong_input(survey, change, message):
    _, y, weights, strata, psu = survey
    given = {"y": y, "weights": weights, "strata": strata, "psu": psu}
    with pytest.raises(ValueError, match=message):
        svy_mean(**(given | change))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("cycle", "n", "percent"),
    [("2005_2006", 4799, 5.4), ("2007_2008", 5415, 8.1), ("2009_2010", 5546, 7.7)],
)
def test_prevalence_of_depression_in_nhanes(shared, cycle, n, percent):
    table = pd.read_csv(shared / "data" / "nhanes" / f"nhanes_{cycle}.csv.gz")
    items = table.filter(regex=r"^DPQ0[1-9]0$")
    complete = items.isin(range(4)).all(axis=1)
    assert (items.shape[1], complete.sum()) == (9, n)
    high = items.sum(axis=1) >= 10
    found = svy_mean(high, table.WTMEC2YR, table.SDMVSTRA, table.SDMVPSU, domain=complete)
    assert found.estimate == pytest.approx(percent / 100, abs=5e-4)
    assert 0.003 < found.se < 0.008
    assert found.df >= 15
