"""Firth's logistic regression against brglm2 on separated data (ordinal_count.json).

Tolerance 1e-6 relative: both stop when the adjusted score is near 0.
"""

import numpy as np
import pytest

from igfmood.association.models.firth import fit_firth, log_odds
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def data(shared):
    table = load_oracle("sep_endometrial.csv")
    return np.column_stack([np.ones(len(table)), table.NV, table.PI, table.EH]), table.HG


def test_endometrial(data):
    expected = load_oracle("ordinal_count.json")["endometrial_firth"]
    found = fit_firth(*data)
    assert found.coef == pytest.approx(list(expected["coef"].values()), rel=1e-6)
    assert found.se == pytest.approx(list(expected["se"].values()), rel=1e-6)


def test_separation_is_noticed_and_named(data):
    found = log_odds(*data)
    assert "Firth" in found.model
    assert found.coef == pytest.approx(fit_firth(*data).coef)
