"""Equivalence test against TOSTER 0.7.1 on ISwR::juul (corr_tests.json).

Tolerance 1e-9 relative: closed forms; means and SDs are recomputed from the same rows.
"""

import numpy as np
import pytest

from igfmood.association.effect_sizes import tost
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def test_welch_tost_of_igf1_by_sex(shared):
    expected = load_oracle("corr_tests.json")["tost_welch_raw30"]
    table = expected["tab"]
    found = tost(expected["m1"] - expected["m2"], table["SE"][0], table["df"][0], margin=30)
    assert found.p_lower == pytest.approx(table["p.value"][1], rel=1e-9)
    assert found.p_upper == pytest.approx(table["p.value"][2], rel=1e-9)
    assert found.p == max(found.p_lower, found.p_upper)
    assert (found.ci_low, found.ci_high) == pytest.approx(expected["ci90"], rel=1e-9)


def test_correlation_tost_on_the_fisher_scale(shared):
    # Normal reference (df = inf). TOSTER tests atanh(r) against the bound on the z scale.
    expected = load_oracle("corr_tests.json")["tost_corsum_r.05_n200_bound.2"]
    found = tost(np.arctanh(0.05), 1 / np.sqrt(197), np.inf, margin=np.arctanh(0.2))
    assert found.p == pytest.approx(expected["p"], rel=1e-9)
    limits = np.tanh([found.ci_low, found.ci_high])
    assert limits == pytest.approx(expected["ci90"], rel=1e-9)
