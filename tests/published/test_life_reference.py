"""LIFE Leipzig reference of IGF-1 (Hörenz et al. 2022, JCEM 107:e2991): SDS by its BCPE.

The ten vectors carry eleven digits, the table six; 1e-8 holds because both use the same rows.
"""

import numpy as np
import pandas as pd
import pytest

from igfmood.normalise.curves.published import published_curve

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def life(shared):
    table = pd.read_csv(shared / "data" / "igf1" / "reference_life_bcpe.csv")
    return published_curve(table[table["item"] == "igf1"], "bcpe")


@pytest.fixture(scope="module")
def vectors(shared):
    rows = pd.read_csv(shared / "data" / "igf1" / "reference_life_sds_vectors.csv")
    return rows.assign(female=(rows["sex"] == "female").astype(float))


def test_ten_sds(life, vectors):
    assert len(vectors) == 10
    person = [vectors[name].to_numpy(float) for name in ("igf1_ng_ml", "age", "female")]
    assert life.sds(*person) == pytest.approx(vectors["sds"].to_numpy(), abs=1e-8)
    back = life.centile(vectors["cdf"].to_numpy(), person[1], person[2])
    assert back == pytest.approx(person[0], rel=1e-8)


def test_medians_and_reference_interval(life):
    """Medians and 2.5th to 97.5th centile as printed, ng/mL."""
    ages = np.array([20.0, 40.0, 60.0, 80.0])
    printed = {
        0.0: [(238, 149, 351), (151, 91, 228), (120, 67, 191), (98, 50, 188)],
        1.0: [(237, 120, 363), (156, 102, 237), (115, 65, 187), (91, 49, 153)],
    }
    for female, rows in printed.items():
        found = life.centile(np.array([[0.5], [0.025], [0.975]]), ages, female)
        # Printed to 1 ng/mL, of parameters with more digits than the table's.
        expected = np.array(rows, dtype=float)
        rounded = found.T
        assert rounded == pytest.approx(expected, abs=1.0)


def test_no_sds_outside_the_ages_of_the_table(life):
    age = np.array([17.9, 18.0, 80.0, 80.1, np.nan])
    sds = life.sds(np.full(5, 150.0), age, np.zeros(5))
    assert np.isnan(sds).tolist() == [True, False, False, True, True]
    assert life.outside(age, np.zeros(5)).tolist() == [True, False, False, True, False]
