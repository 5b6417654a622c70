"""Concordance of Cox models against survival 3.5.3 on lung and pbc (survival.json).

Tolerance 1e-12 for C, which counts pairs; 1e-9 for the standard error, whose sum is ordered
otherwise there.
"""

import numpy as np
import pytest

from igfmood.performance.metrics.concordance import c_index
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("survival.json")


def test_lung(oracle):
    table = load_oracle("surv_lung.csv").dropna(subset=["age", "sex", "ph.ecog"])
    expected = oracle["lung"]["efron"]
    score = sum(table[name] * value for name, value in expected["coef"].items())
    event = table["status"] == table["status"].max()
    found = c_index(table["time"], event, score)
    assert found.estimate == pytest.approx(expected["concordance"]["concordance"], abs=1e-12)
    assert found.se == pytest.approx(expected["concordance"]["std"], rel=1e-9)


def test_pbc(oracle):
    table = load_oracle("surv_pbc.csv")
    expected = oracle["pbc"]
    columns = {
        name: np.log(table[name[4:-1]]) if name.startswith("log(") else table[name]
        for name in expected["coef"]
    }
    score = sum(columns[name] * value for name, value in expected["coef"].items())
    known = score.notna() & table["time"].notna()
    event = table["status"] == table["status"].max()
    found = c_index(table["time"][known], event[known], score[known])
    assert found.estimate == pytest.approx(expected["concordance"]["concordance"], abs=1e-12)
    assert found.se == pytest.approx(expected["concordance"]["std"], rel=1e-9)
