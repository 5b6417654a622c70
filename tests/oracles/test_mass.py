"""Negative binomial against MASS::glm.nb on quine and a synthetic PHQ-9 (ordinal_count.json).

Tolerance 1e-5 relative: glm.nb alternates between mean and theta and stops at a relative change
of 1e-8 in the deviance; the log-likelihood, flat there, agrees to 1e-9.
"""

import numpy as np
import pytest

from igfmood.association.models.negative_binomial import fit_negative_binomial
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def test_quine(shared):
    expected = load_oracle("ordinal_count.json")["quine_negbin"]
    q = load_oracle("cnt_quine.csv")
    design = np.column_stack(
        [np.ones(len(q)), q.Sex == "M", q.Age == "F1", q.Age == "F2", q.Age == "F3",
         q.Eth == "N", q.Lrn == "SL"]
    ).astype(float)  # fmt: skip
    found = fit_negative_binomial(design, q.Days)
    assert found.beta == pytest.approx(list(expected["coef"].values()), rel=1e-5)
    assert found.se == pytest.approx(list(expected["se"].values()), rel=1e-5)
    assert found.theta == pytest.approx(expected["theta"], rel=1e-5)
    assert found.se_theta == pytest.approx(expected["se_theta"], rel=1e-4)
    assert found.loglik == pytest.approx(expected["logLik"], rel=1e-9)


def test_synthetic_phq(shared):
    expected = load_oracle("ordinal_count.json")["synthetic_phq"]["nb"]
    table = load_oracle("ord_synth_phq.csv")
    design = np.column_stack([np.ones(len(table)), table["x"], table["sex"]])
    found = fit_negative_binomial(design, table["phq"])
    assert found.beta == pytest.approx(list(expected["coef"].values()), rel=1e-5)
    assert found.theta == pytest.approx(expected["theta"], rel=1e-5)
