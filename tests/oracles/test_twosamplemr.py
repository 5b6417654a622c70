"""Mendelian randomisation against R TwoSampleMR: body mass index on coronary heart disease.

Figures as the package's documentation prints them; tolerance half a unit of their last digit.
"""

import numpy as np
import pandas as pd
import pytest

from igfmood.synthesis.mendelian.estimators import (
    Associations,
    cochran_q,
    ivw_random,
    leave_one_out,
    mr_egger,
)
from igfmood.synthesis.mendelian.instruments import steiger
from igfmood.synthesis.mendelian.robust import weighted_mode

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def table(shared):
    return pd.read_csv(shared / "data/genetics/twosamplemr_bmi_chd_harmonised.csv")


@pytest.fixture(scope="module")
def bmi(table):
    columns = ("beta.exposure", "se.exposure", "beta.outcome", "se.outcome")
    return Associations(
        table.SNP.to_numpy(object), *(table[name].to_numpy(float) for name in columns)
    )


def test_ivw(bmi):
    found = ivw_random(bmi)
    assert found.estimate == pytest.approx(0.4459091, abs=5e-8)
    assert found.se == pytest.approx(0.05898302, abs=5e-9)
    assert found.p == pytest.approx(4.032020e-14, rel=2e-7)


def test_egger(bmi):
    found = mr_egger(bmi)
    assert found.slope.estimate == pytest.approx(0.5024935, abs=5e-8)
    assert found.slope.se == pytest.approx(0.14396056, abs=5e-9)
    assert found.slope.p == pytest.approx(8.012590e-04, rel=2e-7)
    assert found.intercept.estimate == pytest.approx(-0.001719304, abs=5e-10)
    assert found.intercept.se == pytest.approx(0.003985962, abs=5e-10)
    assert found.intercept.p == pytest.approx(0.6674266, abs=5e-8)


def test_heterogeneity(bmi):
    q, egger = cochran_q(bmi), mr_egger(bmi).heterogeneity
    assert (q.q, q.df) == (pytest.approx(143.6508, abs=5e-5), 78)
    assert q.p == pytest.approx(8.728420e-06, rel=2e-7)
    assert (egger.q, egger.df) == (pytest.approx(143.3046, abs=5e-5), 77)
    assert egger.p == pytest.approx(6.841585e-06, rel=2e-7)


def test_weighted_mode(bmi):
    found = weighted_mode(bmi, np.random.default_rng(2))
    assert found.estimate == pytest.approx(0.3790910, abs=5e-8)
    # Two prints of the package, which draws 1000 replicates: 0.1022 and 0.0998.
    assert found.se == pytest.approx(0.101, rel=0.05)


def test_leave_one_out(bmi):
    found = dict(leave_one_out(bmi))
    for name, estimate, se, p in (
        ("rs1000940", 0.4541284, 0.05843628, 7.765841e-15),
        ("rs10132280", 0.4450525, 0.05959723, 8.162633e-14),
        ("rs10840100", 0.4435657, 0.05956120, 9.532322e-14),
    ):
        assert found[name].estimate == pytest.approx(estimate, abs=5e-8)
        assert found[name].se == pytest.approx(se, abs=5e-9)
        assert found[name].p == pytest.approx(p, rel=2e-7)


def test_steiger(table, bmi):
    found = steiger(bmi, table["samplesize.exposure"], table["samplesize.outcome"])
    # The package starts from p values, of which the table's betas are rounded copies.
    assert found.r2_exposure == pytest.approx(0.0158082, rel=1e-4)
    assert found.r2_outcome == pytest.approx(0.0013505, rel=1e-4)
    assert found.exposure_first
    assert found.p < 1e-200
