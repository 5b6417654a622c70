"""Growth models against lmerTest and pbkrtest (mixed.json) and clubSandwich (lm_robust.json).

Tolerances: 1e-6 where lme4's derivative-free search ends the comparison; 1e-5 for Satterthwaite
df, which lmerTest takes from numerical second derivatives.
"""

import numpy as np
import pytest

from igfmood.association.models.growth import within_between
from igfmood.normalise.mixed import fit_random_slopes
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("mixed.json")


@pytest.fixture(scope="module")
def sleep(shared):
    table = load_oracle("mix_sleepstudy.csv")
    return table["Reaction"].to_numpy(), table["Days"].to_numpy(float), table["Subject"].to_numpy()


@pytest.mark.parametrize("model", ["ri_REML", "ri_ML", "rs_REML", "rs_ML"])
def test_satterthwaite(oracle, sleep, model):
    y, days, subject = sleep
    x = np.column_stack([np.ones(days.size), days])
    z = x if model.startswith("rs") else x[:, :1]
    found = fit_random_slopes(y, x, z, subject, reml=model.endswith("REML"))
    table = oracle[model]["satterthwaite"]
    expected = dict(zip(table["cols"], np.transpose(table["values"]), strict=True))
    assert found.se == pytest.approx(expected["Std. Error"], rel=1e-6)
    assert found.df == pytest.approx(expected["df"], rel=1e-5)


def test_within_person_change(sleep):
    # Everybody has the same days, so that the within-person slope is that of least squares.
    y, days, subject = sleep
    expected = load_oracle("lm_robust.json")["sleep_cluster"]
    found = within_between(y, days, subject, np.empty((y.size, 0)))
    assert found.within.estimate == pytest.approx(expected["coef"]["Days"], rel=1e-9)
    assert found.within.se == pytest.approx(expected["CR2"]["se"][1], rel=1e-9)
    assert found.within.df == pytest.approx(expected["CR2"]["df_satt"][1], rel=1e-9)
    assert found.between is None
