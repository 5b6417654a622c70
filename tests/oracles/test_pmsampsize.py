"""Sample sizes against pmsampsize 1.1.2 (prediction.json, and published examples), and pROC.

People are whole numbers and must be equal. R2 from an AUC is simulated there and integrated here:
2 % is the error of its million people.
"""

import pytest

from igfmood.performance.metrics.sample_size import (
    auc_power,
    detectable,
    largest_r2,
    r2_from_auc,
    required_people,
)
from oracle_files import load_oracle


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
def test_binary_outcome():
    expected = load_oracle("prediction.json")["pmsampsize"]
    rows = dict(zip(expected["tab_r2"]["rows"], expected["tab_r2"]["values"], strict=True))
    found = required_people(0.15, 8, 0.2)
    assert found.shrinkage == rows["Criteria 1"][0]
    assert found.optimism == rows["Criteria 2"][0]
    assert found.intercept == rows["Criteria 3"][0]
    assert found.n == expected["binary_r2cs.15"]["sample_size"]
    assert largest_r2(0.2) == pytest.approx(rows["Final"][4], abs=5e-4)


def test_published_examples():
    found = required_people(0.288, 24, 0.174)
    assert (found.shrinkage, found.optimism, found.intercept) == (623, 662, 221)


@pytest.mark.parametrize(
    ("auc", "parameters", "prevalence", "people"), [(0.89, 24, 0.174, 660), (0.65, 5, 0.3, 746)]
)
def test_from_an_auc(auc, parameters, prevalence, people):
    r2 = r2_from_auc(auc, prevalence)
    assert required_people(r2, parameters, prevalence).n == pytest.approx(people, rel=0.02)


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
def test_r2_from_an_auc():
    expected = load_oracle("prediction.json")["pmsampsize"]["binary_c.75_p8_prev.2_MONTE_CARLO"]
    r2 = r2_from_auc(0.75, 0.2)
    assert r2 == pytest.approx(expected["rsquared"], rel=0.02)
    assert required_people(r2, 8, 0.2).n == pytest.approx(expected["sample_size"], rel=0.02)


def test_power_of_an_auc():
    assert auc_power(0.73, 41, 72) == pytest.approx(0.9897453, abs=5e-8)


def test_smallest_effect_found():
    # 64 in each group find half an SD with a power of 80 % (Cohen 1988).
    assert detectable((2 / 63) ** 0.5) == pytest.approx(0.5, abs=0.005)
