"""Left-censored regression against survival::survreg (ordinal_count.json, synthetic PHQ sums).

The R fit is normal with a limit of 0; its exponentials are log-normal with a limit of 1.
Tolerance 1e-6: survreg stops at a relative change of 1e-9 in the log-likelihood, which leaves
about 1e-7 of the coefficients; ours is at 1e-12.
"""

import numpy as np
import pytest

from igfmood.normalise.censoring import fit_censored
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def test_coefficients(shared):
    table = load_oracle("ord_synth_phq.csv")
    design = np.column_stack([np.ones(len(table)), table["x"], table["sex"]])
    found = fit_censored(np.exp(table["phq"]), 1.0, table["phq"] == 0, design)
    expected = load_oracle("ordinal_count.json")["synthetic_phq"]["tobit"]
    assert found.beta == pytest.approx(list(expected.values()), rel=1e-6)
    assert found.n_censored == (table["phq"] == 0).sum()
