"""The risk of an event within some years: Cox with Breslow's baseline hazard."""

import numpy as np
import pytest
from statsmodels.duration.hazard_regression import PHReg

from igfmood.association.models.cox import fit_cox
from igfmood.errors import NotEstimable
from igfmood.performance.models.hazard_risk import HazardRisk, fit_hazard_risk


def followed(n=300, seed=1, decimals=6):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    cohort = rng.choice(["a", "b"], n)
    rate = 0.1 * np.exp(X @ [0.7, -0.3]) * np.where(cohort == "a", 1, 2)
    event, end = rng.exponential(1 / rate), rng.uniform(1, 10, n)
    time = np.maximum(np.round(np.minimum(event, end), decimals), 10.0**-decimals)
    return X, (event <= end).astype(float), time, cohort


def mirrored(time, event):
    """Everybody twice, with opposite columns: the coefficient is 0, and the hazard is plain."""
    X = np.repeat([[1.0], [-1.0]], len(time), axis=0)
    return X, np.tile(event, 2), np.tile(time, 2), np.full(2 * len(time), "a")


def test_baseline_hazard_by_hand_with_ties():
    # Nelson-Aalen at 1, 2 (two events) and 3: 1/8 + 2/7 + 1/4, and who leaves at 2 is at risk at 2.
    time = np.array([1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 6.0, 9.0])
    event = np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    found = fit_hazard_risk(*mirrored(time, event), 5.0)
    expected = 1 / 8 + 2 / 7 + 1 / 4
    assert found.coef == pytest.approx([0], abs=1e-12)
    assert np.exp(found.baseline["a"]) == pytest.approx(expected, rel=1e-12)
    risk = found.predict(np.zeros((1, 1)), np.array(["a"]))
    assert risk == pytest.approx([1 - np.exp(-expected)])


def test_an_event_at_the_horizon_counts_and_one_after_it_does_not():
    time, event = np.array([1.0, 5.0, 5.1, 8.0]), np.array([1.0, 1.0, 1.0, 0.0])
    found = fit_hazard_risk(*mirrored(time, event), 5.0)
    assert np.exp(found.baseline["a"]) == pytest.approx(1 / 4 + 1 / 3)


def test_without_ties_it_is_statsmodels_within_strata():
    X, event, time, cohort = followed()
    assert len(set(time)) == len(time)
    found = fit_hazard_risk(X, event, time, cohort, 4.0)
    fitted = PHReg(time, X, status=event, strata=cohort, ties="breslow").fit()
    assert found.coef == pytest.approx(fitted.params, rel=1e-6)
    for name, (times, hazard, _) in zip("ab", fitted.baseline_cumulative_hazard, strict=True):
        # statsmodels gives the hazard just before each time: that of the first after the horizon.
        at = hazard[np.flatnonzero(times > 4.0)[0]]
        assert np.exp(found.baseline[name]) == pytest.approx(at, rel=1e-5)


def test_with_ties_coefficients_are_efrons():
    X, event, time, cohort = followed(decimals=0)
    found = fit_hazard_risk(X, event, time, cohort, 4.0)
    np.testing.assert_array_equal(found.coef, fit_cox(X, time, event == 1, strata=cohort).coef)


def test_risks_are_true_on_average():
    X, event, time, cohort = followed(20_000)
    found = fit_hazard_risk(X, event, time, cohort, 3.0)
    new, _, _, where = followed(20_000, 2)
    rate = 0.1 * np.exp(new @ [0.7, -0.3]) * np.where(where == "a", 1, 2)
    expected = 1 - np.exp(-3 * rate)
    assert np.abs(found.predict(new, where) - expected).mean() < 0.02


def test_an_unseen_cohort_has_the_mean_log_hazard_and_order_is_of_no_matter():
    model = HazardRisk({"a": -2.0, "b": -1.0}, np.array([0.5]), 5.0)
    X = np.array([[0.0], [1.0]])
    found = model.predict(X, np.array(["x", "b"]))
    assert found == pytest.approx(1 - np.exp(-np.exp([-1.5, -0.5])))
    X, event, time, cohort = followed()
    order = np.random.default_rng(3).permutation(len(X))
    one = fit_hazard_risk(X, event, time, cohort, 4.0)
    other = fit_hazard_risk(X[order], event[order], time[order], cohort[order], 4.0)
    assert one.predict(X, cohort) == pytest.approx(other.predict(X, cohort), rel=1e-8)


def test_a_longer_horizon_is_a_higher_risk():
    X, event, time, cohort = followed()
    risks = [fit_hazard_risk(X, event, time, cohort, h).predict(X, cohort) for h in (1, 3, 6)]
    assert (np.diff(risks, axis=0) > 0).all()


def test_a_cohort_without_an_event_in_time_is_named():
    X, event, time, cohort = followed()
    late = np.where(cohort == "b", time + 20, time)
    with pytest.raises(NotEstimable, match="no event within 5 years among b"):
        fit_hazard_risk(X, event, late, cohort, 5.0)
