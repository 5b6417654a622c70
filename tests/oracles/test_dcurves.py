"""Decision curves against dcurves 0.4.0 on Pima (prediction.json).

Tolerance 1e-12 absolute: both sides count people. dcurves writes the grid 0, 0.05 ... 0.9 with
rounding errors; no prediction lies between a grid value and its rounded one.
"""

import numpy as np
import pytest

from igfmood.performance.metrics.net_benefit import (
    interventions_avoided,
    net_benefit,
    net_benefit_difference,
    treat_all,
)
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-12


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("prediction.json")


@pytest.fixture(scope="module")
def y(shared):
    pima = load_oracle("pred_pima.csv")
    return pima.loc[pima["split"] == "test", "y"].to_numpy()


def column(table, variable, value):
    rows = np.array(table["variable"]) == variable
    numbers = [np.nan if v is None else float(v) for v in table[value]]
    return np.array(table["threshold"], dtype=float)[rows], np.array(numbers)[rows]


@pytest.mark.parametrize(("name", "risk"), [("p", "pima_test_p"), ("p1", "pima_p_base")])
def test_net_benefit(oracle, y, name, risk):
    thresholds, expected = column(oracle["pima_dca"], name, "net_benefit")
    found = net_benefit(y, oracle[risk], thresholds)
    assert found.estimate == pytest.approx(expected, abs=TOLERANCE)


def test_treating_everybody(oracle, y):
    thresholds, expected = column(oracle["pima_dca"], "all", "net_benefit")
    assert treat_all(y, thresholds).estimate == pytest.approx(expected, abs=TOLERANCE)


def test_difference_of_models(oracle, y):
    thresholds, new = column(oracle["pima_dca"], "p", "net_benefit")
    _, old = column(oracle["pima_dca"], "p1", "net_benefit")
    found = net_benefit_difference(y, oracle["pima_test_p"], oracle["pima_p_base"], thresholds)
    assert found.estimate == pytest.approx(new - old, abs=TOLERANCE)


def test_interventions_avoided(oracle, y):
    thresholds, expected = column(oracle["pima_dca_interv_avoided"], "p", "nia")
    used = thresholds > 0
    found = interventions_avoided(y, oracle["pima_test_p"], thresholds[used])
    assert found.estimate == pytest.approx(expected[used], abs=TOLERANCE)
