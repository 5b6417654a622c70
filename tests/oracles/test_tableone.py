"""Standardised differences against tableone 0.13.2 on MatchIt::lalonde (survey_ps.json).

Tolerance 1e-9 relative: closed forms on the same 614 rows. tableone gives sizes without direction.
"""

import pytest

from igfmood.cohort.quality.differences import (
    standardised_difference,
    standardised_difference_of_categories,
)
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def expected():
    oracle = load_oracle("survey_ps.json")["lalonde_tableone"]
    return dict(zip(oracle["smd_names"], oracle["smd"], strict=True))


@pytest.fixture(scope="module")
def groups():
    table = load_oracle("ps_lalonde.csv")
    return table[table["treat"] == 1], table[table["treat"] == 0]


@pytest.mark.parametrize(("name", "sign"), [("age", -1), ("educ", 1), ("re74", -1)])
def test_numbers(shared, groups, expected, name, sign):
    treated, control = (group[name].to_numpy(float) for group in groups)
    found = standardised_difference(treated, control)
    assert found == pytest.approx(sign * expected[name], rel=1e-9)


@pytest.mark.parametrize("name", ["race", "married"])
def test_categories(shared, groups, expected, name):
    treated, control = groups
    found = standardised_difference_of_categories(treated[name], control[name])
    assert found == pytest.approx(expected[name], rel=1e-9)
