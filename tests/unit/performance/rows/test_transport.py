"""Rows of transport: a model of one cohort in the people of another."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import logit
from sklearn.metrics import roc_auc_score

from builders import SOURCE
from igfmood import results
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.rows import transport
from igfmood.performance.splits import Split

NEW = "base_analyte"


@pytest.fixture(scope="module")
def moved(whole):
    """Outcomes and risks in c of a model that is fitted here in a alone."""
    data = whole.data("depression")
    a, c = (np.flatnonzero(data.people.cohort == name) for name in "ac")
    ready = prepare(data, Split("transport", "a to c", 0, 0, a, c), whole.study)
    X, new, _ = ready.columns(resolve(data, ["a", "c"], NEW, whole.study), whole.study)
    design = sm.add_constant(X)
    coef = sm.Logit(ready.train.y, design).fit(disp=0, tol=1e-12).params
    risk = 1 / (1 + np.exp(-design @ coef))
    p = 1 / (1 + np.exp(-(coef[0] + new @ coef[1:])))
    same = fit_linear_risk(X, ready.train.y, ready.train.cohort)
    assert same.predict(new, ready.test.cohort) == pytest.approx(p, abs=1e-6)
    return ready.train.y, risk, ready.test.y, p


def row_of(whole, **keys):
    return whole.one(cohort="c", analysis="transport", adjustment=NEW, stratum="from a", **keys)


def test_measures_are_those_of_the_model_of_the_other_cohort(whole, moved):
    _, _, y, p = moved
    fit = sm.GLM(y, sm.add_constant(logit(p)), sm.families.Binomial()).fit()
    large = sm.GLM(y, np.ones((len(y), 1)), sm.families.Binomial(), offset=logit(p)).fit()
    for measure, value in (("auc", roc_auc_score(y, p)), ("calibration_slope", fit.params[1]),
                           ("calibration_intercept", large.params[0])):  # fmt: skip
        row = row_of(whole, measure=measure)
        assert row["estimate"] == pytest.approx(value, rel=1e-4)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]
        assert "model of a alone" in row["method"]


def test_its_cut_goes_with_it(whole, moved):
    train_y, risk, y, p = moved
    cuts = np.unique(risk)[::-1]
    high = next(cut for cut in cuts if (risk[train_y == 1] >= cut).mean() >= 0.9 - 1e-12)
    found = row_of(whole, measure="sensitivity", term="sensitivity 0.9")
    assert found["estimate"] == pytest.approx((p[y == 1] >= high - 1e-9).mean())
    found = row_of(whole, measure="specificity", term="sensitivity 0.9")
    assert found["estimate"] == pytest.approx((p[y == 0] < high - 1e-9).mean())


def test_every_ordered_pair_is_there_for_every_binary_task_and_nothing_is_pooled(whole, refused):
    rows = results.select(whole.rows, analysis="transport", measure="auc")
    assert set(rows["target"]) == {"depression", "bipolar"}
    pairs = {(row.cohort, row.stratum) for row in rows.itertuples()}
    assert pairs == {(to, f"from {of}") for to in "abc" for of in "abc" if of != to}
    assert len(rows) == 2 * 6
    assert (rows["status"] == "ok").all()
    assert results.select(refused.rows, analysis="transport").empty


def test_a_rule_that_finds_no_cut_says_so_of_both_shares(whole, moved):
    train_y, risk, y, p = moved
    rows = results.Rows(SOURCE)
    keys = {"analysis": "transport", "target": "depression", "exposure": "igf1_sds"}
    flat = np.full_like(risk, 0.4)
    transport._add_cuts(rows, keys, train_y, flat, y, p, whole.study)
    found = rows.table()
    assert set(found["measure"]) == {"sensitivity", "specificity"}
    assert len(found) == 2 * 4
    assert (found["status"] == "not_estimable").all()
