"""Mediation against R's mediation 4.5.0 and lavaan 0.6.14 (mediation.json: jobs, framing).

Closed forms to 1e-9 relative; bootstrap limits to their simulation error; medsens to 1e-4
relative, because its generalised least squares stops there and ours is the closed form.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from igfmood.association.mediation import mediation, sensitivity_to_confounding
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def oracle(shared):
    return load_oracle("mediation.json")


@pytest.fixture(scope="module")
def jobs(shared):
    d = load_oracle("med_jobs.csv")
    covariates = d[["econ_hard", "sex", "age"]].to_numpy(float)
    return d.treat, d.job_seek, d.depress2, covariates


@pytest.fixture(scope="module")
def fit(jobs):
    return mediation(*jobs, np.random.default_rng(2014), resamples=5000)


def test_closed_form(oracle, fit):
    expected = oracle["jobs_linear_closed_form"]
    found = {
        "a": fit.a, "b": fit.b, "se_a": fit.a_se, "se_b": fit.b_se, "sobel_se": fit.sobel_se,
        "acme": fit.indirect.estimate, "ade": fit.direct.estimate, "total": fit.total.estimate,
    }  # fmt: skip
    assert found == pytest.approx({name: expected[name] for name in found}, rel=1e-9)


def test_lavaan_estimates(oracle, fit):
    expected = dict(zip(oracle["jobs_lavaan"]["label"], oracle["jobs_lavaan"]["est"], strict=True))
    found = [fit.a, fit.direct.estimate, fit.b, fit.indirect.estimate, fit.total.estimate]
    assert found == pytest.approx([expected[k] for k in ("a", "cp", "b", "ind", "tot")], rel=1e-8)
    # Maximum likelihood divides by n, least squares by the degrees of freedom.
    se = dict(zip(oracle["jobs_lavaan"]["label"], oracle["jobs_lavaan"]["se"], strict=True))
    assert fit.a_se * np.sqrt(894 / 899) == pytest.approx(se["a"], rel=1e-6)
    assert fit.b_se * np.sqrt(893 / 899) == pytest.approx(se["b"], rel=1e-6)


def test_bootstrap(oracle, fit):
    expected = oracle["jobs_boot_5000_MONTE_CARLO"]
    for effect, name in ((fit.indirect, "acme"), (fit.direct, "ade"), (fit.total, "total")):
        # A 2.5 % limit of 5000 draws has a simulation error of sqrt(0.025 * 0.975 / 5000) over
        # the density there, 0.0584 / SE: 0.038 SE; of a difference of two, 0.054 SE.
        limits = (effect.ci_low, effect.ci_high)
        assert limits == pytest.approx(expected[f"{name}_ci"], abs=4 * 0.054 * effect.se)
    error = np.sqrt(0.182 * (2 - 0.182) / 5000)
    assert fit.indirect.p == pytest.approx(expected["acme_p"], abs=4 * np.sqrt(2) * error)
    assert fit.proportion == pytest.approx(expected["prop"], rel=1e-9)
    # The ratio has no moments, so its limits scatter: R's two runs are 0.1 apart themselves.
    assert fit.proportion_ci_low == pytest.approx(expected["prop_ci"][0], abs=0.6)
    assert fit.proportion_ci_high == pytest.approx(expected["prop_ci"][1], abs=0.8)


def quantile_of_product(share, a, a_se, b, b_se):
    """Quantile of the product of two independent normal variables, by integration over one."""
    first = a + a_se * ndtri((np.arange(20_000) + 0.5) / 20_000)

    def below(value):
        z = (value / first - b) / b_se
        return float(np.where(first > 0, ndtr(z), ndtr(-z)).mean()) - share

    return brentq(below, a * b - 10 * abs(b) * a_se, a * b + 10 * abs(b) * a_se)


def test_quasi_bayesian_limits(oracle, fit):
    """R draws both coefficients from normal distributions: ours give the same limits."""
    expected = oracle["jobs_quasibayes_20000_MONTE_CARLO"]
    error = fit.sobel_se / np.sqrt(20_000)
    assert fit.indirect.estimate == pytest.approx(expected["acme"], abs=4 * error)
    assert fit.direct.estimate == pytest.approx(expected["ade"], abs=4 * fit.direct.se / 141)
    assert fit.total.estimate == pytest.approx(expected["total"], abs=4 * fit.total.se / 141)
    paths = (fit.a, fit.a_se, fit.b, fit.b_se)
    for share, limit in zip((0.025, 0.975), expected["acme_ci"], strict=True):
        # A limit of 20,000 draws has a simulation error of 0.019 SE (see test_bootstrap).
        assert quantile_of_product(share, *paths) == pytest.approx(
            limit, abs=4 * 0.019 * fit.sobel_se
        )


def test_medsens(oracle, jobs):
    expected = oracle["jobs_medsens"]
    found = sensitivity_to_confounding(*jobs, rho=expected["rho"])
    assert found.indirect == pytest.approx(expected["acme"], rel=1e-4)
    # medsens names the point of its grid that is nearest to 0.
    assert abs(found.rho_at_zero - expected["err.cr"]) < 0.05


def test_framing_exposure_to_mediator(oracle):
    d = load_oracle("med_framing.csv")
    levels = ["high school", "some college", "bachelor's degree or higher"]
    education = [(d.educ == level).to_numpy(float) for level in levels]
    covariates = np.column_stack([d.age, *education, d.gender == "female", d.income])
    y = pd.to_numeric(d.cong_mesg)
    fit = mediation(d.treat, d.emo, y, covariates, np.random.default_rng(1), resamples=100)
    assert fit.a == pytest.approx(oracle["framing_models"]["med"]["treat"], rel=1e-9)
