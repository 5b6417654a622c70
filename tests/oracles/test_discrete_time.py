"""Discrete-time hazards of survival::lung by 90 days, against R's glm and sandwich::vcovCL.

Reference numbers from R 4.2.2 (person-period table written out, epsilon 1e-14, HC0 without
small-sample factor), printed to 12 digits; 1e-8 relative leaves room for the rounding.
"""

import numpy as np
import pytest

from igfmood.association.models.discrete_time import fit_discrete_time
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-8


@pytest.fixture(scope="module")
def lung(shared):
    d = load_oracle("surv_lung.csv")
    d = d[d["ph.ecog"].notna()].reset_index(drop=True)
    period = np.maximum(np.ceil(d.time / 90), 1).astype(int)
    return d[["age", "sex", "ph.ecog"]].to_numpy(float), period, d.status == 2


def test_lung(lung):
    fit = fit_discrete_time(*lung)
    coef = [0.0115119508875, -0.6791747942303, 0.5375075890009]
    se = [0.0109695146466, 0.1923497050071, 0.1424569133910]
    assert fit.coef == pytest.approx(coef, rel=TOLERANCE)
    assert fit.se == pytest.approx(se, rel=TOLERANCE)
    # Nobody died in periods 11 and 12.
    assert (fit.n, fit.n_events, fit.n_rows, fit.n_intervals) == (227, 164, 887, 10)


def test_lung_with_late_entry(lung):
    # Every other patient, if seen beyond period 1, comes under observation after it.
    period = lung[1]
    entry = ((period.index % 2 == 0) & (period > 1)).astype(int)
    fit = fit_discrete_time(*lung, entry=entry)
    coef = [0.0101728555309, -0.6396768898350, 0.5537957511452]
    se = [0.0113520797234, 0.1989020588731, 0.1458346710962]
    assert fit.coef == pytest.approx(coef, rel=TOLERANCE)
    assert fit.se == pytest.approx(se, rel=TOLERANCE)
    assert fit.n_rows == 788
