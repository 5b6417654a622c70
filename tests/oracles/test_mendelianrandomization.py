"""Mendelian randomisation against R MendelianRandomization 0.10.0, on its own two examples.

Full-precision figures come from runs of the package (R 4.5.2; Steiger by TwoSampleMR 0.7.9), with
tolerance 1e-9 relative; three decimals from its vignette. Bootstrap standard errors differ by the
random numbers: 3 %.
"""

import numpy as np
import pandas as pd
import pytest

from igfmood.synthesis.mendelian.estimators import (
    Associations,
    cochran_q,
    ivw_correlated,
    ivw_fixed,
    ivw_random,
    leave_one_out,
    mr_egger,
    mr_egger_correlated,
)
from igfmood.synthesis.mendelian.instruments import steiger, strength
from igfmood.synthesis.mendelian.robust import weighted_median, weighted_mode

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]
TOLERANCE = 1e-9
PRINTED = 5e-4


@pytest.fixture(scope="module")
def ldl(shared):
    table = pd.read_csv(shared / "data/genetics/mendelianrandomization_lipids_chd.csv")
    columns = ("ldlc", "ldlcse", "chdlodds", "chdloddsse")
    names = np.array([f"snp_{j + 1}" for j in range(len(table))], dtype=object)
    return Associations(names, *(table[name].to_numpy(float) for name in columns))


@pytest.fixture(scope="module")
def calcium(shared):
    table = pd.read_csv(shared / "data/genetics/mendelianrandomization_calcium_correlated.csv")
    columns = ("calcium", "calciumse", "fastgluc", "fastglucse")
    names = np.array([f"snp_{j + 1}" for j in range(len(table))], dtype=object)
    data = Associations(names, *(table[name].to_numpy(float) for name in columns))
    return data, table.filter(like="rho").to_numpy(float)


def test_ivw(ldl):
    random, fixed, q = ivw_random(ldl), ivw_fixed(ldl), cochran_q(ldl)
    assert random.estimate == pytest.approx(2.83421393887889, rel=TOLERANCE)
    assert random.se == pytest.approx(0.52979948855643, rel=TOLERANCE)
    assert fixed.estimate == random.estimate
    assert fixed.se == pytest.approx(0.275940525057229, rel=TOLERANCE)
    assert (random.ci_low, random.ci_high) == pytest.approx((1.796, 3.873), abs=PRINTED)
    assert (q.q, q.df) == (pytest.approx(99.5304255484988, rel=TOLERANCE), 27)
    assert q.p == pytest.approx(3.07369539058611e-10, rel=1e-7)


def test_egger(ldl):
    found = mr_egger(ldl)
    assert found.slope.estimate == pytest.approx(3.25289013194081, rel=TOLERANCE)
    assert found.slope.se == pytest.approx(0.770129161393982, rel=TOLERANCE)
    assert found.intercept.estimate == pytest.approx(-0.0114606656512896, rel=TOLERANCE)
    assert found.intercept.se == pytest.approx(0.0151883205190355, rel=TOLERANCE)
    assert found.intercept.p == pytest.approx(0.457287120009873, rel=TOLERANCE)
    assert found.heterogeneity.q == pytest.approx(97.3975050756926, rel=TOLERANCE)
    assert found.heterogeneity.p == pytest.approx(3.46369179929882e-10, rel=1e-7)
    assert found.slope.df == 26


def test_strength(ldl):
    found = strength(ldl)
    assert found.f_mean == pytest.approx(28.0093110220279, rel=TOLERANCE)
    assert found.i2_gx == pytest.approx(0.919, abs=PRINTED)


def test_steiger(ldl):
    found = steiger(ldl, 17723, 60801)
    assert found.r2_exposure == pytest.approx(0.0439987854091562, rel=TOLERANCE)
    assert found.r2_outcome == pytest.approx(0.00337111455951979, rel=TOLERANCE)
    assert found.exposure_first
    # 70 powers of ten below 1, a p multiplies the rounding of its z.
    assert found.p == pytest.approx(1.78714034160479e-73, rel=1e-6)


def test_weighted_median(ldl):
    found = weighted_median(ldl, np.random.default_rng(1))
    assert found.estimate == pytest.approx(2.68288346489811, rel=TOLERANCE)
    assert found.se == pytest.approx(0.419, rel=0.03)


def test_weighted_mode(ldl):
    found = weighted_mode(ldl, np.random.default_rng(1))
    assert found.estimate == pytest.approx(2.94630057209513, rel=TOLERANCE)
    assert found.se == pytest.approx(1.005, rel=0.03)


def test_leave_one_out(ldl):
    found = dict(leave_one_out(ldl))
    expected = {
        "snp_1": (2.84968408800386, 0.557594114074711),
        "snp_9": (2.90259802644147, 0.63713051034588),
        "snp_12": (2.88032433202213, 0.471228256224887),
        "snp_14": (2.62347332007805, 0.499363777148359),
        "snp_28": (2.91591839548385, 0.536310376284496),
    }
    for name, numbers in expected.items():
        assert (found[name].estimate, found[name].se) == pytest.approx(numbers, rel=TOLERANCE)


def test_correlated_variants(calcium):
    estimate, q = ivw_correlated(*calcium)
    assert (estimate.estimate, estimate.se) == pytest.approx((2.245, 0.643), abs=PRINTED)
    assert (estimate.ci_low, estimate.ci_high) == pytest.approx((0.984, 3.505), abs=PRINTED)
    assert (q.q, q.df, q.p) == pytest.approx((2.0530, 5, 0.8418), abs=5e-5)


def test_egger_with_correlated_variants(calcium):
    found = mr_egger_correlated(*calcium)
    slope, intercept = found.slope, found.intercept
    assert (slope.estimate, slope.se) == pytest.approx((1.302, 1.518), abs=PRINTED)
    assert (intercept.estimate, intercept.se) == pytest.approx((0.009, 0.013), abs=PRINTED)
    assert found.heterogeneity.q == pytest.approx(1.5825, abs=5e-5)
