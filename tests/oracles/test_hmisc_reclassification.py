"""NRI and IDI against Hmisc 4.8.0 improveProb and nricens 1.6 on Pima, and on aSAH.

Tolerance 1e-9 relative: closed forms. The figures of aSAH were printed with 3 to 5 digits; there
the IDI grows though the marker lowers the AUC, which is why neither index decides anything.
"""

import numpy as np
import pytest
from scipy.special import expit

from igfmood.association.models.logistic import fit_logistic
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.auc_difference import delta_auc
from igfmood.performance.metrics.discrimination import auc_delong
from igfmood.performance.metrics.reclassification import categorical_nri, continuous_nri, idi
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("prediction.json")


@pytest.fixture(scope="module")
def pima(shared):
    table = load_oracle("pred_pima.csv")
    return table[table["split"] == "test"]


def test_continuous_nri_and_idi(oracle, pima):
    y, new, old = pima["y"].to_numpy(), oracle["pima_test_p"], oracle["pima_p_base"]
    found, expected = continuous_nri(y, new, old), oracle["pima_nri_idi"]
    for name, part in (("nri", found.total), ("nri.ev", found.events), ("nri.ne", found.nonevents)):
        assert part.estimate == pytest.approx(expected[name], rel=1e-9)
        assert part.se == pytest.approx(expected[f"se.{name}"], rel=1e-9)
    discrimination = idi(y, new, old)
    assert discrimination.estimate == pytest.approx(expected["idi"], rel=1e-9)
    assert discrimination.se == pytest.approx(expected["se.idi"], rel=1e-9)


def test_categorical_nri(oracle, pima):
    y, new, old = pima["y"].to_numpy(), oracle["pima_test_p"], oracle["pima_p_base"]
    found = categorical_nri(y, new, old, [0.2, 0.5])
    total, events, nonevents = oracle["pima_nri_categorical_.2_.5"]["nri"][:3]
    assert found.total.estimate == pytest.approx(total, rel=1e-12)
    assert found.events.estimate == pytest.approx(events, rel=1e-12)
    assert found.nonevents.estimate == pytest.approx(nonevents, rel=1e-12)


def test_a_useless_marker_improves_the_idi(shared):
    table = load_oracle("auc_asah.csv")
    y = table["y"].to_numpy()
    risks = []
    for names in (["age", "wfns_n"], ["age", "wfns_n", "s100b"]):
        X = np.column_stack([np.ones(len(table)), table[names]])
        risks.append(expit(X @ fit_logistic(X, y).coef))
    old, new = risks
    assert idi(y, new, old).estimate == pytest.approx(0.00976, abs=5e-6)
    assert idi(y, new, old).se == pytest.approx(0.00971, abs=2e-4)
    found = continuous_nri(y, new, old)
    assert found.total.estimate == pytest.approx(-0.1985, abs=5e-5)
    assert found.total.se == pytest.approx(0.194, abs=5e-4)
    change = delta_auc(auc_delong(y, np.column_stack([new, old])), 0, 1)
    assert change.difference == pytest.approx(-0.0038956640, abs=1e-9)


def test_nothing_moves():
    with pytest.raises(NotEstimable, match="same risk"):
        continuous_nri([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4])
