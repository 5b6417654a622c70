"""CR2 and Satterthwaite against clubSandwich on lme4::sleepstudy (lm_robust.json).

Tolerance 1e-9 relative: the same closed form in float64.
"""

import numpy as np
import pytest

from igfmood.association.models.cluster_robust import cluster_robust
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9


def test_contrasts():
    expected = load_oracle("lm_robust.json")["sleep_cluster"]
    sleep = load_oracle("lm_sleepstudy.csv")
    X = np.column_stack([np.ones(len(sleep)), sleep["Days"]])
    fit = cluster_robust(X, sleep["Reaction"], sleep["Subject"])
    assert fit.beta == pytest.approx(list(expected["coef"].values()), rel=TOLERANCE)
    contrasts = [fit.contrast(j) for j in range(2)]
    found = [(c.se, c.t, c.df, c.p) for c in contrasts]
    columns = [expected["CR2"][key] for key in ("se", "t", "df_satt", "p_satt")]
    # p of 1e-17 is a difference of nothing but rounding in df.
    np.testing.assert_allclose(found, np.transpose(columns), rtol=1e-7)
    np.testing.assert_allclose(np.array(found)[:, :3], np.transpose(columns)[:, :3], rtol=TOLERANCE)
    assert fit.n_clusters == 18
