"""What a marker adds by the likelihood."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import chi2, kstest

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.added_value import added_value


def designs(seed, strength=0.6, n=300, known=0.8):
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(2, n))
    base = np.column_stack([np.ones(n), x])
    y = (rng.random(n) < expit(known * x + strength * z)).astype(float)
    return base, np.column_stack([base, z]), y


def test_it_is_the_likelihood_ratio_test():
    base, full, y = designs(1)
    found = added_value(base, full, y)
    small, large, none = (
        fit_logistic(X, y).loglik for X in (base, full, np.ones((len(y), 1)))
    )  # fmt: skip
    assert found.chi2 == pytest.approx(2 * (large - small))
    assert found.df == 1
    assert found.p == pytest.approx(chi2.sf(found.chi2, 1))
    assert found.adequacy == pytest.approx((small - none) / (large - none))
    assert 0 < found.adequacy < 1


def test_units_and_other_columns_of_the_same_space_change_nothing():
    base, full, y = designs(2)
    turned = np.column_stack([full[:, 0], 3 * full[:, 1] - full[:, 2], 1e3 * full[:, 2] + 5])
    one, other = added_value(base, full, y), added_value(base, turned, y)
    assert (other.chi2, other.p, other.adequacy) == pytest.approx((one.chi2, one.p, one.adequacy))


def test_a_useless_marker_has_uniform_p():
    p = [added_value(*designs(seed, 0.0)).p for seed in range(300)]
    assert kstest(p, "uniform").pvalue > 0.001


def test_adequacy_goes_from_everything_to_nothing():
    assert added_value(*designs(3, 0.0, 5000)).adequacy == pytest.approx(1, abs=0.01)
    assert added_value(*designs(3, 1.0, 5000, known=0.0)).adequacy < 0.02


def test_two_columns_are_two_degrees():
    base, full, y = designs(4)
    found = added_value(base, np.column_stack([full, full[:, 2] ** 2]), y)
    assert found.df == 2


def test_refusals():
    base, full, y = designs(5)
    with pytest.raises(NotEstimable, match="the marker adds no column"):
        added_value(base, base, y)
    with pytest.raises(NotEstimable, match="linear combination"):
        added_value(base, np.column_stack([base, base[:, 1]]), y)
    with pytest.raises(NotEstimable, match="separat"):
        added_value(base, np.column_stack([base, y]), y)
    with pytest.raises(NotEstimable, match="one class"):
        added_value(base, full, np.zeros(len(y)))
