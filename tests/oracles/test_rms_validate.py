"""Optimism of a whole model against rms 6.5.0 validate on Pima, with its bootstrap samples.

Tolerance 1e-6 absolute: lrm stops its fits a little before the maximum, in each of 200 samples.
The number without its samples (aSAH) is a Monte-Carlo result: 0.006 on both sides.
"""

import numpy as np
import pytest
from scipy.special import expit, logit

from igfmood.association.models.logistic import fit_logistic
from igfmood.performance.metrics.discrimination import auc_delong
from igfmood.performance.metrics.optimism import correct_optimism
from igfmood.splines import rcs_basis, rcs_knots
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


def dxy(y, p):
    return 2 * auc_delong(y, p).auc[0] - 1


def brier(y, p):
    return float(((p - y) ** 2).mean())


def line(y, p):
    return fit_logistic(np.column_stack([np.ones(y.size), logit(p)]), y).coef


def nagelkerke(y, p):
    # That of the recalibrated prediction, as in rms.
    loglik = fit_logistic(np.column_stack([np.ones(y.size), logit(p)]), y).loglik
    share = y.mean()
    null = y.size * (share * np.log(share) + (1 - share) * np.log(1 - share))
    return (1 - np.exp(2 * (null - loglik) / y.size)) / (1 - np.exp(2 * null / y.size))


MEASURES = {
    "Dxy": dxy,
    "R2": nagelkerke,
    "B": brier,
    "Intercept": lambda y, p: float(line(y, p)[0]),
    "Slope": lambda y, p: float(line(y, p)[1]),
}


def of(y, measures):
    return {
        name: lambda rows, p, measure=measure: measure(y[rows], p)
        for name, measure in measures.items()
    }


def procedure(design, y):
    start = fit_logistic(design, y).coef

    def learn(rows):
        return expit(design @ fit_logistic(design[rows], y[rows], start=start).coef)[None]

    return learn


def test_validate_with_the_same_samples():
    oracle, table = load_oracle("prediction.json"), load_oracle("pred_pima.csv")
    train = table[table["split"] == "train"]
    y = train["y"].to_numpy(float)
    design = np.column_stack([
        np.ones(len(train)),
        rcs_basis(train["glu"], rcs_knots(train["glu"], 4)),
        train[["age", "bmi", "ped", "npreg"]],
    ])  # fmt: skip
    draws = load_oracle("pred_boot_idx_1based_B200.csv").to_numpy() - 1
    (found,) = correct_optimism(procedure(design, y), y.size, draws, of(y, MEASURES))
    expected = oracle["pima_validate_B200"]
    columns = ("index.orig", "training", "test", "optimism", "index.corrected")
    for name, optimism in found.items():
        row = dict(zip(expected["cols"], expected["values"][expected["rows"].index(name)],
                       strict=True))  # fmt: skip
        ours = (
            optimism.apparent, optimism.training, optimism.test, optimism.optimism,
            optimism.corrected,
        )  # fmt: skip
        assert ours == pytest.approx([row[column] for column in columns], abs=1e-6), name
        assert optimism.resamples == row["n"] == 200


def test_asah():
    table = load_oracle("auc_asah.csv")
    y = table["y"].to_numpy(float)
    design = np.column_stack([np.ones(len(table)), table[["age", "wfns_n", "s100b"]]])
    rng = np.random.default_rng(1)
    draws = (rng.integers(0, y.size, y.size) for _ in range(4000))
    (found,) = correct_optimism(
        procedure(design, y), y.size, draws, of(y, {"Dxy": dxy, "B": brier})
    )
    assert found["Dxy"].apparent == pytest.approx(0.6775, abs=5e-5)
    assert found["Dxy"].corrected == pytest.approx(0.6554, abs=0.006)
    assert found["B"].corrected == pytest.approx(0.1697, abs=0.002)
    assert 3 * found["Dxy"].se < 0.006
