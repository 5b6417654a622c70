"""Mendelian randomisation as a whole: known truths, pleiotropy, too few variants."""

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import NotEstimable
from igfmood.synthesis.mendelian.correlations import Correlations
from igfmood.synthesis.mendelian.estimators import (
    Associations,
    ivw_correlated,
    ivw_random,
    mr_egger,
    mr_egger_correlated,
)
from igfmood.synthesis.mendelian.instruments import steiger, strength
from igfmood.synthesis.mendelian.mr import (
    mendelian_randomisation,
    mendelian_randomisation_correlated,
)
from igfmood.synthesis.mendelian.robust import weighted_median, weighted_mode
from igfmood.synthesis.mendelian.summary import read_summary

IVW, FIXED, EGGER = "IVW, multiplicative random effects", "IVW, fixed effect", "MR-Egger"
ALL = [IVW, FIXED, EGGER, "weighted median", "weighted mode"]


def tables(effect=0.4, n=60, pleiotropy=0.0, seed=1):
    """Two studies of n variants; `pleiotropy` is a direct effect of 40 % of the variants."""
    rng = np.random.default_rng(seed)
    beta = rng.uniform(0.05, 0.15, n)
    direct = pleiotropy * (np.arange(n) % 5 < 2)
    base = pd.DataFrame({
        "variant": [f"rs{j}" for j in range(n)], "effect_allele": "A", "other_allele": "G",
        "eaf": 0.3, "p": np.nan, "n": 50_000.0,
    })  # fmt: skip
    exposure = base.assign(beta=beta + rng.normal(0, 0.004, n), se=0.004)
    outcome = base.assign(beta=effect * beta + direct + rng.normal(0, 0.006, n), se=0.006)
    return exposure, outcome


def run(*pair, seed=2):
    return mendelian_randomisation(*pair, np.random.default_rng(seed))


def associations(exposure, outcome):
    columns = exposure["beta"], exposure["se"], outcome["beta"], outcome["se"]
    return Associations(exposure["variant"].to_numpy(object), *(x.to_numpy() for x in columns))


def test_all_methods_find_the_effect_of_valid_variants():
    found = run(*tables())
    names = [estimate.method for estimate in found.estimates]
    assert names == ALL
    for estimate in found.estimates:
        assert estimate.ci_low < 0.4 < estimate.ci_high
        assert estimate.n_variants == 60
        assert estimate.p < 0.01
    assert found.egger.intercept.p > 0.05
    assert found.heterogeneity.p > 0.01
    assert found.direction.exposure_first
    assert found.strength.f_min > 100
    assert len(found.leave_one_out) == 60


def test_methods_hold_where_they_promise_to():
    found = {e.method: e.estimate for e in run(*tables(effect=0.0, pleiotropy=0.05)).estimates}
    assert found[IVW] > 0.1
    assert abs(found["weighted median"]) < 0.06
    assert abs(found["weighted mode"]) < 0.06


def test_egger_intercept_finds_directional_pleiotropy():
    exposure, outcome = tables(effect=0.2)
    found = run(exposure, outcome.assign(beta=outcome["beta"] + 0.03))
    assert found.egger.intercept.estimate == pytest.approx(0.03, abs=0.01)
    assert found.egger.intercept.p < 1e-4
    assert found.egger.slope.estimate == pytest.approx(0.2, abs=0.1)


def test_signs_of_single_variants_do_not_matter():
    data = associations(*tables(n=20))
    sign = np.where(np.arange(20) % 2, 1.0, -1.0)
    turned = Associations(data.variants, sign * data.beta_exposure, data.se_exposure,
                          sign * data.beta_outcome, data.se_outcome)  # fmt: skip
    for method in (ivw_random, lambda x: mr_egger(x).slope):
        assert method(turned).estimate == pytest.approx(method(data).estimate, rel=1e-12)
    for method in (weighted_median, weighted_mode):
        rngs = np.random.default_rng(1), np.random.default_rng(1)
        one, other = method(data, rngs[0]), method(turned, rngs[1])
        assert one.estimate == pytest.approx(other.estimate, rel=1e-9)
        assert one.se == pytest.approx(other.se, rel=0.05)


def test_the_stream_decides_the_bootstrap():
    data = associations(*tables(n=12))
    one, same, other = (weighted_median(data, np.random.default_rng(j)) for j in (2, 2, 3))
    assert one == same
    assert one.estimate == other.estimate
    assert one.se != other.se


@pytest.mark.parametrize(
    ("n", "methods"), [(1, ["Wald ratio"]), (2, [IVW, FIXED]), (3, ALL)], ids=["1", "2", "3"]
)
def test_few_variants(n, methods):
    found = run(*tables(n=n))
    assert [estimate.method for estimate in found.estimates] == methods
    assert len(methods) + len(found.refused) == 5
    assert all(f"found {n}" in reason for _, reason in found.refused)
    assert (found.egger is None) == (n < 3)
    assert (found.heterogeneity is None) == (n < 2)
    assert bool(found.leave_one_out) == (n == 3)


def test_wald_ratio():
    exposure, outcome = tables(n=1)
    estimate = run(exposure, outcome).estimates[0]
    assert estimate.estimate == pytest.approx((outcome["beta"] / exposure["beta"]).item())
    assert estimate.se == pytest.approx((outcome["se"] / exposure["beta"]).item())


def test_nothing_left_says_why():
    exposure, outcome = tables(n=3)
    exposure.loc[0, "p"] = 0.01
    with pytest.raises(
        NotEstimable,
        match=r"none of the 3 variants.*2 not in the outcome's table; 1 not genome-wide",
    ):
        run(exposure, outcome.assign(variant="other"))


def test_dropped_variants_of_both_steps_are_reported():
    exposure, outcome = tables(n=10)
    exposure.loc[0, "p"] = 0.01
    found = run(exposure, outcome.drop(index=3))
    assert found.harmonised.dropped["variant"].tolist() == ["rs0", "rs3"]
    assert found.estimates[0].n_variants == 8


def test_direction_needs_numbers_of_people():
    exposure, outcome = tables(n=10)
    assert run(exposure, outcome.assign(n=np.nan)).direction is None
    found = run(outcome, exposure)
    assert not found.direction.exposure_first
    with pytest.raises(ValueError, match="sample size"):
        steiger(associations(exposure, outcome), 3, 1000)


def correlations(variants, matrix):
    return Correlations(tuple(variants), None, np.asarray(matrix, float))


def test_uncorrelated_is_the_identity_matrix():
    exposure, outcome = tables(n=12)
    names = exposure["variant"]
    found = mendelian_randomisation_correlated(exposure, outcome, correlations(names, np.eye(12)))
    plain = run(exposure, outcome)
    assert found.estimates[0].estimate == pytest.approx(plain.estimates[0].estimate, rel=1e-12)
    assert found.estimates[0].se == pytest.approx(plain.estimates[0].se, rel=1e-12)
    assert found.egger.slope.se == pytest.approx(plain.egger.slope.se, rel=1e-12)
    assert [name for name, _ in found.refused] == ["weighted median", "weighted mode"]
    assert plain.correlation is None


def test_variants_without_correlations_are_left_out_with_why():
    exposure, outcome = tables(n=12)
    known = correlations(exposure["variant"][2:][::-1], np.eye(10))
    found = mendelian_randomisation_correlated(exposure, outcome, known)
    plain = run(exposure[2:], outcome)
    assert found.estimates[0].estimate == pytest.approx(plain.estimates[0].estimate, rel=1e-12)
    assert found.harmonised.dropped["variant"].tolist() == ["rs0", "rs1"]
    assert set(found.harmonised.dropped["reason"]) == {"not in the table of correlations"}
    assert len(found.harmonised.n_exposure) == len(found.harmonised.data) == 10
    with pytest.raises(NotEstimable, match=r"none of the 12.*12 not in the table of corr"):
        mendelian_randomisation_correlated(exposure, outcome, correlations(["other"], [[1]]))


def test_one_correlated_variant_is_its_ratio():
    exposure, outcome = tables(n=3)
    known = correlations(["rs1"], [[1]])
    (ratio,) = mendelian_randomisation_correlated(exposure, outcome, known).estimates
    assert ratio.method == "Wald ratio"
    assert ratio.estimate == pytest.approx(outcome["beta"][1] / exposure["beta"][1])


def test_correlated_variants_cover_what_was_planted_and_independence_does_not():
    """Three blocks of four variants with r 0.8 and one causal effect: 300 pairs of studies."""
    rng = np.random.default_rng(5)
    block = np.full((4, 4), 0.8) + 0.2 * np.eye(4)
    matrix = np.kron(np.eye(3), block)
    root = np.linalg.cholesky(matrix)
    exposure, outcome = tables(n=12)
    beta = exposure["beta"].to_numpy()
    covered = np.zeros(2)
    for _ in range(300):
        out = outcome.assign(beta=0.4 * beta + 0.006 * (root @ rng.normal(size=12)))
        data = associations(exposure.assign(beta=beta), out)
        for k, found in enumerate((ivw_correlated(data, matrix)[0], ivw_random(data))):
            covered[k] += found.ci_low < 0.4 < found.ci_high
    assert covered[0] / 300 > 0.92
    assert covered[1] / 300 < 0.8


def test_correlated_variants_that_stand_for_one_another():
    data = associations(*tables(n=4))
    with pytest.raises(NotEstimable, match=r"singular.*pair: rs0 and rs1, r 1\.000"):
        ivw_correlated(data, np.ones((4, 4)))
    matrix = np.eye(4)
    matrix[1, 3] = matrix[3, 1] = -0.999999
    with pytest.raises(NotEstimable, match=r"pair: rs1 and rs3, r -1\.000"):
        ivw_correlated(data, matrix)
    with pytest.raises(ValueError, match="correlation matrix"):
        mr_egger_correlated(data, np.eye(3))
    with pytest.raises(ValueError, match="symmetric"):
        mr_egger_correlated(data, np.triu(np.ones((4, 4))))


def test_equal_strengths_leave_egger_without_a_slope():
    exposure, outcome = tables(n=5)
    data = associations(exposure.assign(beta=0.1), outcome)
    assert strength(data).i2_gx == 0
    with pytest.raises(NotEstimable, match="same amount"):
        mr_egger(data)
    found = run(exposure.assign(beta=0.1), outcome)
    assert [name for name, _ in found.refused] == [EGGER]
    assert len(found.estimates) == 4


def test_equal_ratios_leave_the_mode_without_a_width():
    exposure, outcome = tables(n=5)
    data = associations(exposure, outcome.assign(beta=exposure["beta"]))
    with pytest.raises(NotEstimable, match="same ratio"):
        weighted_mode(data, np.random.default_rng(1))


def test_wrong_associations():
    exposure, outcome = tables(n=3)
    with pytest.raises(NotEstimable, match="variant rs1 has no association"):
        associations(exposure.assign(beta=[0.1, 0.0, 0.1]), outcome)
    with pytest.raises(ValueError, match="not positive"):
        associations(exposure.assign(se=0.0), outcome)
    with pytest.raises(ValueError, match="missing or infinite"):
        associations(exposure.assign(beta=np.nan), outcome)


@pytest.mark.shared
def test_published_igf1_instruments(shared):
    """UK Biobank's lead variants for IGF-1: betas per `allele2`, no frequency of that allele."""
    columns = {"variant": "rsid", "effect_allele": "allele2", "other_allele": "allele1",
               "beta": "beta", "se": "se", "p": "P"}  # fmt: skip
    path = shared / "data/genetics/ukb_igf1_gwas_lead_variants_sinnott2021.csv"
    exposure = read_summary(path, columns)
    assert len(exposure) == 399
    rng = np.random.default_rng(4)
    noise = rng.normal(0, exposure["se"])
    outcome = exposure.assign(beta=0.5 * exposure["beta"] + noise, p=np.nan)
    found = run(exposure, outcome)
    assert len(found.estimates) == 5
    assert found.estimates[0].ci_low < 0.5 < found.estimates[0].ci_high
    reasons = found.harmonised.dropped["reason"]
    assert reasons.str.startswith(("palindromic", "not genome-wide", "listed more")).all()
    assert reasons.str.startswith("not genome-wide").any()
    assert len(found.harmonised.data) + len(reasons) == exposure["variant"].nunique()
