"""Growth models against the summary measures they reduce to, and what they cannot tell apart."""

import numpy as np
import pytest

from igfmood.association.models.growth import fit_growth, within_between
from igfmood.association.models.linear import ols_hc3
from igfmood.errors import DataError, NotEstimable
from igfmood.normalise.mixed import fit_random_slopes


def visits(persons=40, times=(0, 1, 2, 4), sd_change=0.8, seed=1):
    """A balanced cohort: y, time, exposure, covariates, person."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), len(times))
    time = np.tile(np.array(times, dtype=float), persons)
    exposure = rng.normal(100, 20, persons)[person]
    age = rng.normal(60, 8, persons)[person]
    slope = -0.5 + 0.02 * (exposure - 100) + sd_change * rng.normal(size=persons)[person]
    y = 50 + 0.1 * exposure + 2 * rng.normal(size=persons)[person] + slope * time
    return y + rng.normal(size=y.size), time, exposure, age[:, None], person


def ordinary(x, y):
    """Least-squares coefficients, classical standard errors and df."""
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    df = len(y) - x.shape[1]
    return beta, np.sqrt(np.diag(bread) * np.sum((y - x @ beta) ** 2) / df), df


@pytest.mark.parametrize("on_change", [(), (0,)])
def test_balanced_visits_are_a_regression_of_each_persons_slope(on_change):
    y, time, exposure, age, person = visits()
    fit = fit_growth(y, time, exposure, age, person, on_change=on_change)
    table = y.reshape(40, 4)
    line = np.column_stack([np.ones(4), time[:4]])
    slopes = np.linalg.lstsq(line, table.T)[0][1]
    columns = [np.ones(40), exposure[::4], age[::4, 0]][: 2 + len(on_change)]
    beta, se, df = ordinary(np.column_stack(columns), slopes)
    assert fit.change.estimate == pytest.approx(beta[1], rel=1e-6)
    assert fit.df_method == "Satterthwaite"
    assert (fit.n, fit.n_persons, fit.reason, fit.boundary) == (160, 40, "", "")
    if on_change:
        # Only here do level and change adjust for the same columns, as summary measures do.
        assert fit.change.se == pytest.approx(se[1], rel=1e-5)
        assert fit.change.df == pytest.approx(df, rel=1e-4)
        level, level_se, _ = ordinary(
            np.column_stack(columns), np.linalg.lstsq(line, table.T)[0][0]
        )
        assert fit.level.estimate == pytest.approx(level[1], rel=1e-6)
        assert fit.level.se == pytest.approx(level_se[1], rel=1e-5)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.cov)), [fit.level.se, fit.change.se])


def test_satterthwaite_from_the_written_out_likelihood():
    rng = np.random.default_rng(3)
    y, time, exposure, _, person = visits(persons=25)
    kept = rng.random(y.size) < 0.75
    y, person = y[kept], person[kept]
    line = np.column_stack([np.ones(y.size), time[kept]])
    x = np.column_stack([line, (exposure[kept] - 100)])
    fit = fit_random_slopes(y, x, line, person)
    same = person[:, None] == person

    def information(parameters):
        a, b, c, s = parameters
        covariance = line @ np.array([[a, b], [b, c]]) @ line.T * same + s * np.eye(y.size)
        return covariance, x.T @ np.linalg.solve(covariance, x)

    def deviance(parameters):
        covariance, info = information(parameters)
        residual = y - x @ np.linalg.solve(info, x.T @ np.linalg.solve(covariance, y))
        logs = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(info)[1]
        return logs + residual @ np.linalg.solve(covariance, residual)

    g = fit.covariance
    at = np.array([g[0, 0], g[0, 1], g[1, 1], fit.sigma**2])
    steps = np.diag(1e-3 * np.abs(at))
    signs = [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    hessian = [
        [
            sum(s * t * deviance(at + s * a + t * b) for s, t in signs) / (4 * a.sum() * b.sum())
            for a in np.abs(steps)
        ]
        for b in np.abs(steps)
    ]
    variances = [
        (
            np.diag(np.linalg.inv(information(at + a)[1]))
            - np.diag(np.linalg.inv(information(at - a)[1]))
        )
        / (2 * a.sum())
        for a in np.abs(steps)
    ]
    spread = np.einsum("ij,ik,kj->j", variances, 2 * np.linalg.inv(hessian), variances)
    # Second differences of a dense likelihood hold about four digits.
    assert fit.df == pytest.approx(2 * np.diag(fit.cov_beta) ** 2 / spread, rel=1e-3)


def test_two_visits_leave_a_random_intercept():
    y, time, exposure, age, person = visits(times=(0, 3))
    fit = fit_growth(y, time, exposure, age, person)
    assert fit.random_effects == "intercept"
    assert "no residual degrees of freedom" in fit.reason
    assert fit.sd_change == 0
    changes = y.reshape(40, 2) @ [-1, 1] / 3
    beta, se, df = ordinary(np.column_stack([np.ones(40), exposure[::2]]), changes)
    assert fit.change.estimate == pytest.approx(beta[1], rel=1e-7)
    assert fit.change.se == pytest.approx(se[1], rel=1e-5)
    assert fit.change.df == pytest.approx(df, rel=1e-4)


def test_boundary_is_reported_and_the_slope_kept():
    y, time, exposure, age, person = visits(sd_change=0, seed=7)
    # Slopes more alike than chance would make them.
    line = np.column_stack([np.ones(4), time[:4]])
    table = y.reshape(40, 4)
    slopes = np.linalg.lstsq(line, table.T)[0][1]
    y = (table - 0.9 * (slopes - slopes.mean())[:, None] * time[:4]).ravel()
    fit = fit_growth(y, time, exposure, age, person)
    assert fit.boundary != ""
    assert (fit.random_effects, fit.reason) == ("intercept and slope", "")
    assert 0 < fit.change.df <= fit.n


def test_exposure_must_be_the_value_at_the_start():
    y, time, exposure, age, person = visits()
    moving = exposure + (np.arange(y.size) == 5)
    with pytest.raises(DataError, match="changes within 1 persons"):
        fit_growth(y, time, moving, age, person)


def test_what_a_growth_model_cannot_tell():
    y, time, exposure, age, person = visits()
    with pytest.raises(NotEstimable, match=r"column 2 .* linear combination"):
        fit_growth(y, time, exposure * 0 + 3, age, person)
    with pytest.raises(NotEstimable, match="no residual variation"):
        fit_growth(0 * y, time, exposure, age, person)
    with pytest.raises(NotEstimable, match="at least 2 groups"):
        fit_growth(y, time, exposure * 0, age, person * 0)
    with pytest.raises(ValueError, match="do not match"):
        fit_growth(y, time[1:], exposure, age, person)
    with pytest.raises(ValueError, match="missing"):
        fit_growth(y, time, exposure, age * np.nan, person)
    with pytest.raises(ValueError, match="on_change"):
        fit_growth(y, time, exposure, age, person, on_change=[1])


def follow_up(persons=60, seed=2):
    """Unequal numbers of visits, a trait that confounds: y, x, time, person."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, 5, persons)
    person = np.repeat(np.arange(persons), counts)
    trait = rng.normal(size=persons)[person]
    time = np.concatenate([np.arange(k) for k in counts]).astype(float)
    x = 10 * trait + 2 * time + rng.normal(size=person.size) * 3
    y = -0.4 * x + 20 * trait + time + rng.normal(size=person.size)
    return y, x, time, person


def test_within_is_the_fixed_effects_estimate():
    y, x, time, person = follow_up()
    found = within_between(y, x, person, time[:, None])
    dummies = (person[:, None] == np.unique(person)).astype(float)
    fixed = np.linalg.lstsq(np.column_stack([x, time, dummies]), y)[0]
    assert found.within.estimate == pytest.approx(fixed[0], rel=1e-9)
    # The trait turns the comparison between persons round.
    assert found.within.ci_high < 0 < found.between.ci_low
    assert found.n == y.size
    assert found.n_persons == 60
    assert found.n_changing == np.sum(np.bincount(person) > 1)


def test_two_visits_are_a_regression_of_differences():
    rng = np.random.default_rng(5)
    person, time = np.repeat(np.arange(50), 2), np.tile([0.0, 1.0], 50)
    x = rng.normal(size=100) * 20 + 120
    y = 12 - 0.05 * x + rng.normal(size=100)
    found = within_between(y, x, person, time[:, None])
    dx, dy = (part.reshape(50, 2) @ [-1, 1] for part in (x, y))
    differences = ols_hc3(np.column_stack([np.ones(50), dx]), dy)
    assert found.within.estimate == pytest.approx(differences.beta[1], rel=1e-9)
    # CR2 of two rows a person against HC3 of their difference: alike, not the same.
    assert found.within.se == pytest.approx(differences.se[1], rel=0.05)


def test_covariates_that_stay_or_that_are_the_same_for_all():
    y, x, time, person = follow_up()
    stays = np.sin(person)
    same = np.full(y.size, 0.1)
    found = within_between(y, x, person, np.column_stack([time, stays, same]))
    without = within_between(y, x, person, time[:, None])
    assert found.within.estimate == pytest.approx(without.within.estimate, rel=1e-9)
    assert found.between.estimate != pytest.approx(without.between.estimate, rel=1e-6)


def test_nobody_changes():
    y, x, _, person = follow_up()
    none = np.empty((y.size, 0))
    steady = np.array([x[person == i].mean() for i in range(60)])[person]
    with pytest.raises(NotEstimable, match="changes in 0 of 60 persons"):
        within_between(y, steady, person, none)
    one = steady + 5.0 * (np.arange(y.size) == np.flatnonzero(np.bincount(person)[person] > 1)[0])
    with pytest.raises(NotEstimable, match="changes in 1 of 60 persons"):
        within_between(y, one, person, none)
