"""R-hat, and observed against imputed values."""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.impute.chained import impute
from igfmood.impute.diagnostics import compare, convergence, rhat
from igfmood.impute.variables import Variable


@pytest.fixture(scope="module")
def imputations():
    rng = np.random.default_rng(0)
    x = rng.normal(size=400)
    y = x + rng.normal(size=400)
    lost = rng.random(400) < 1 / (1 + np.exp(-x))
    limit = np.where(~lost & (y < -1.5), -1.5, np.nan)
    sex = np.where(rng.random(400) < 0.1, np.nan, (y > 0).astype(float))
    variables = [
        Variable("x", "normal", x),
        Variable("y", "censored", np.where(lost | (y < -1.5), np.nan, y), upper_limit=limit),
        Variable("sex", "logistic", sex),
    ]
    return impute(variables, m=5, iterations=20, seed=1, keys=())


def test_rhat_by_hand():
    # W = mean(1, 1), B/n = variance of the means 2 and 5.
    trace = np.array([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]])
    assert rhat(trace) == pytest.approx(np.sqrt(2 / 3 + 4.5))


def test_rhat_of_chains_that_stand_still():
    assert rhat(np.ones((5, 3))) == 1.0
    with pytest.raises(NotEstimable, match="stand still"):
        rhat(np.tile([1.0, 2.0], (5, 1)))
    with pytest.raises(NotEstimable, match="found 1 and 5"):
        rhat(np.ones((5, 1)))


def test_convergence_uses_the_second_half(imputations):
    found = convergence(imputations, "y")
    assert found.iterations == 10
    assert found.rhat_mean == rhat(imputations.trace_mean["y"][10:])
    assert 0.9 < found.rhat_mean < 1.6
    with pytest.raises(KeyError):
        convergence(imputations, "x")


def test_comparison_counts_everybody_once(imputations):
    found, variable = compare(imputations, "y"), imputations.variable("y")
    assert found.n_observed == variable.observed.size
    assert found.n_censored == np.isfinite(variable.upper_limit).sum() > 0
    assert found.n_observed + found.n_censored + found.n_missing == 400
    assert found.share_missing == found.n_missing / 400
    assert found.observed_mean == pytest.approx(variable.observed.mean())
    assert found.imputed_mean == pytest.approx(imputations.imputed["y"].mean())


def test_density_is_coarse_and_complete(imputations):
    found = compare(imputations, "y")
    assert found.grid.shape == (21,)
    assert found.observed_share.sum() == pytest.approx(1)
    assert found.imputed_share.sum() == pytest.approx(1)
    # The ends are centiles, nobody's own value.
    assert found.grid[0] > imputations.imputed["y"].min()


def test_shares_of_a_category(imputations):
    found = compare(imputations, "sex")
    np.testing.assert_array_equal(found.grid, [0, 1])
    assert found.observed_share[1] == pytest.approx(found.observed_mean)
    assert found.imputed_share[1] == pytest.approx(found.imputed_mean)
