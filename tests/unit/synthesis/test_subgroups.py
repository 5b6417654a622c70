"""Subgroups of studies: means with one variance in common, and whether they differ.

Tolerance against R 1e-6 relative: metafor 3.8-1 in R 4.2.2 with
``ctl <- list(threshold = 1e-14, maxiter = 1e5)``, 12 digits.
"""

import numpy as np
import pandas as pd
import pytest

from igfmood.errors import NotEstimable
from igfmood.synthesis.meta_regression import meta_regression
from igfmood.synthesis.subgroups import subgroups_common_tau2

YI = np.array([-0.6, -0.3, -0.8, 0.1, 0.4, 0.05])
VI = np.array([0.02, 0.05, 0.03, 0.04, 0.02, 0.06])
LABELS = ["serum", "serum", "serum", "plasma", "plasma", "plasma"]
PLASMA = np.array([label == "plasma" for label in LABELS])


def test_one_variance_in_common_is_the_meta_regression_on_the_label():
    found = subgroups_common_tau2(YI, VI, LABELS)
    fit = meta_regression(YI, VI, pd.DataFrame({"serum": (~PLASMA).astype(float)}))
    plasma, serum = found.subgroups
    assert plasma.estimate == pytest.approx(fit.beta[0])
    assert serum.estimate == pytest.approx(fit.beta[0] + fit.beta[1])
    assert plasma.se == pytest.approx(np.sqrt(fit.cov[0, 0]))
    assert plasma.tau2 == serum.tau2 == pytest.approx(fit.tau2)
    assert (found.between.stat, found.between.p) == pytest.approx((fit.qm, fit.qm_p))
    assert (found.between.df1, found.between.df2) == (1, 4.0)


def test_a_group_of_one_study_borrows_the_variance_of_the_rest():
    labels = [*LABELS[:5], "blood"]
    common = subgroups_common_tau2(YI, VI, labels)
    blood = next(one for one in common.subgroups if one.label == "blood")
    assert (blood.k, blood.estimate) == (1, pytest.approx(YI[5]))


# f <- rma(yi, vi, mods = ~ group - 1, method = ..., test = "knha", control = ctl)
# f$b, f$se, f$pval, f$ci.lb, f$ci.ub, f$tau2; with mods = ~ group: f$QM, f$QMp
EIGHT = [*YI, 0.9, 0.2], [*VI, 0.1, 0.03], [*LABELS, "blood", "serum"]
BY_ESTIMATOR = {
    "REML": {
        "estimate": [0.9, 0.200251546736, -0.382088939779],
        "se": [0.442306987859, 0.213021022614, 0.180221387486],
        "p": [0.097514510168, 0.390348948698, 0.0874935271477],
        "ci_low": [-0.236986308766, -0.347336424604, -0.845362764843],
        "ci_high": [2.03698630877, 0.747839518076, 0.0811848852846],
        "tau2": [0.103427062025] * 3,
        "between": [4.69416839111, 0.0711866448341],
    },
    "DL": {
        "estimate": [0.9, 0.199506158312, -0.381763909593],
        "se": [0.438804905829, 0.212780255486, 0.180175729093],
        "p": [0.0955180729275, 0.391486864745, 0.0876340839712],
        "ci_low": [-0.227983920312, -0.347462901424, -0.844920366023],
        "ci_high": [2.02798392031, 0.746475218047, 0.0813925468365],
        "tau2": [0.109753004808] * 3,
        "between": [4.72586771159, 0.0704084859859],
    },
}


@pytest.mark.parametrize("estimator", BY_ESTIMATOR)
def test_three_groups_by_hand(estimator):
    found = subgroups_common_tau2(*EIGHT, estimator=estimator)
    expected = dict(BY_ESTIMATOR[estimator])
    between = expected.pop("between")
    assert [(one.label, one.k, one.df) for one in found.subgroups] == [
        ("blood", 1, 5), ("plasma", 3, 5), ("serum", 4, 5),
    ]  # fmt: skip
    for key, values in expected.items():
        assert [getattr(one, key) for one in found.subgroups] == pytest.approx(values, rel=1e-6)
    assert (found.between.stat, found.between.p) == pytest.approx(between, rel=1e-6)
    assert (found.between.df1, found.between.df2) == (2, 5)


def test_the_mean_of_a_group_is_that_of_its_studies():
    yi, vi, labels = (np.array(column) for column in EIGHT)
    for one in subgroups_common_tau2(yi, vi, labels).subgroups:
        own = labels == one.label
        w = 1 / (vi[own] + one.tau2)
        assert one.estimate == pytest.approx(w @ yi[own] / w.sum())


def test_which_label_comes_first_does_not_matter():
    yi, vi, labels = EIGHT
    plain = subgroups_common_tau2(yi, vi, labels)
    names = {"blood": "z", "plasma": "a", "serum": "m"}
    renamed = subgroups_common_tau2(yi, vi, [names[label] for label in labels])
    assert [one.label for one in renamed.subgroups] == ["a", "m", "z"]
    order = [1, 2, 0]
    for key in ("k", "estimate", "se", "p", "ci_low", "ci_high"):
        before = [getattr(plain.subgroups[place], key) for place in order]
        assert [getattr(one, key) for one in renamed.subgroups] == pytest.approx(before)
    assert renamed.between.stat == pytest.approx(plain.between.stat)


def test_the_level_is_that_of_every_interval():
    wide, narrow = (subgroups_common_tau2(*EIGHT, level=level) for level in (0.95, 0.8))
    for outer, inner in zip(wide.subgroups, narrow.subgroups, strict=True):
        assert outer.ci_low < inner.ci_low < inner.ci_high < outer.ci_high
        assert (outer.level, inner.level) == (0.95, 0.8)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_study_without_label_is_no_group_of_its_own(missing):
    with pytest.raises(NotEstimable, match="2 of 6 studies have no label: leave them out"):
        subgroups_common_tau2(YI, VI, [*LABELS[:4], missing, missing])


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(NotEstimable, match="too few studies for 3 coefficients: k = 3"):
        subgroups_common_tau2(YI[:3], VI[:3], ["serum", "plasma", "blood"])
    with pytest.raises(NotEstimable, match="one subgroup only: serum"):
        subgroups_common_tau2(YI, VI, ["serum"] * 6)
    with pytest.raises(ValueError, match="5 labels do not match 6 studies"):
        subgroups_common_tau2(YI, VI, LABELS[:5])
