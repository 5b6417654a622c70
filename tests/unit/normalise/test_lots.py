"""Quality control of reagent lots: one tidy table that says how far lots and time matter."""

import numpy as np
import pytest

from igfmood.errors import NotEstimable
from igfmood.normalise.lots import COLUMNS, qc_lots


def controls(seed, lots=30, each=20, between=4.0, drift=-0.1, within=5.0):
    rng = np.random.default_rng(seed)
    lot = np.repeat(np.arange(lots), each)
    age = rng.uniform(0, 60, lot.size)
    own = rng.normal(0, between, lots)
    slopes = rng.normal(drift, 0.02, lots)
    conc = 100 + own[lot] + slopes[lot] * (age - 30) + rng.normal(0, within, lot.size)
    return conc, age, np.array([f"L{i:03d}" for i in lot]), own


def test_planted_variation_is_recovered():
    conc, age, lot, own = controls(1, lots=100)
    table = qc_lots(conc, age, lot)
    assert tuple(table.columns) == COLUMNS
    overall = table[table["lot"] == ""].set_index("quantity")["estimate"]
    assert overall["level"] == pytest.approx(100, abs=1)
    assert overall["within_lot_cv"] == pytest.approx(5, abs=0.2)
    assert overall["between_lot_cv"] == pytest.approx(4, abs=0.6)
    assert overall["drift_per_30_days"] == pytest.approx(-3, abs=0.3)
    assert overall["drift_per_30_days_pct"] == pytest.approx(-3, abs=0.3)
    at_30 = table.pivot(index="lot", columns="quantity", values="estimate").drop(index="")
    predicted = at_30["lot_intercept"] + 30 * at_30["lot_slope"]
    assert np.corrcoef(predicted, own)[0, 1] > 0.9


def test_interval_of_the_drift_covers_as_often_as_it_says():
    covered = 0
    for seed in range(25):
        table = qc_lots(*controls(seed, lots=8, each=10)[:3]).set_index("quantity")
        drift = table.loc["drift_per_30_days"]
        covered += drift["ci_low"] < -3 < drift["ci_high"]
    # 95 % of 25 is 24; fewer than 21 has a chance below 1 %.
    assert covered >= 21


def test_bad_controls_are_refused():
    conc, age, lot, _ = controls(2)
    with pytest.raises(ValueError, match="positive"):
        qc_lots(-conc, age, lot)
    with pytest.raises(ValueError, match="do not match"):
        qc_lots(conc, age[1:], lot)
    with pytest.raises(NotEstimable, match="at least 2 groups"):
        qc_lots(conc, age, ["one"] * len(conc))
