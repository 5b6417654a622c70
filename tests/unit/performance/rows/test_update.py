"""Rows of recalibration: the closed test on the people of a held-out cohort."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import chi2
from statsmodels.api import GLM, add_constant, families

from builders import SOURCE
from igfmood.performance.predict import validate
from igfmood.performance.rows.unit import Unit
from igfmood.performance.rows.update import add_update
from igfmood.results import Rows

NEW, OLD = "base_analyte", "base"
KEY = ("logistic", NEW)


@pytest.fixture(scope="module")
def unit(whole):
    data = whole.data("depression")
    return Unit(Rows(SOURCE), data.task, validate(data, "b", whole.study), whole.study)


def rows_of(unit, p):
    """Rows where the model of others predicts this."""
    found = replace(unit.found, p={**unit.found.p, KEY: p[None]})
    changed = replace(unit, rows=Rows(SOURCE), found=found)
    add_update(changed)
    table = changed.rows.table()
    return table[table["adjustment"] == NEW].set_index("measure")


def test_the_columns_are_those_that_the_prediction_is_made_of(unit):
    line = logit(unit.found.p[KEY][0])
    X = add_constant(unit.found.columns[KEY])
    residual = line - X @ np.linalg.lstsq(X, line, rcond=None)[0]
    assert np.abs(residual).max() < 1e-10


def test_each_change_is_tested_against_a_new_model(unit):
    rows = rows_of(unit, unit.found.p[KEY][0])
    line, y = logit(unit.found.p[KEY][0]), unit.y
    X = unit.found.columns[KEY]
    new = GLM(y, add_constant(X), families.Binomial()).fit().llf
    none = float(y @ line - np.logaddexp(0, line).sum())
    first = rows.loc[["p_update"]].iloc[0]
    assert first["term"] == "none"
    assert first["estimate"] == pytest.approx(chi2.sf(2 * (new - none), X.shape[1] + 1), abs=1e-8)


@pytest.mark.parametrize(("wrong", "change"), [
    (lambda line: line, "none"),
    (lambda line: line + 1.5, "intercept"),
    (lambda line: 4 * line + 1, "intercept and slope"),
])  # fmt: skip
def test_what_is_wrong_with_a_model_is_what_is_changed(unit, wrong, change):
    fitted = GLM(unit.y, add_constant(unit.found.columns[KEY]), families.Binomial()).fit()
    rows = rows_of(unit, expit(wrong(logit(fitted.fittedvalues))))
    assert rows.loc["update_slope", "term"] == rows.loc["update_intercept", "term"] == change
    tested = list(rows.loc[["p_update"], "term"])
    assert tested == ["none", "intercept", "intercept and slope"][: len(tested)]
    assert tested[-1] == change
    if change == "intercept and slope":
        assert rows.loc["update_slope", "estimate"] == pytest.approx(0.25, abs=1e-6)


def test_a_model_of_something_else_has_to_be_built_again(unit):
    rng = np.random.default_rng(1)
    rows = rows_of(unit, expit(3 * rng.normal(size=len(unit.y))))
    assert rows.loc["update_slope", "reason"] == "all coefficients have to be estimated again"


def test_every_held_out_cohort_is_asked(whole):
    found = whole.of(analysis="recalibration")
    assert set(found["cohort"]) == {"a", "b", "c"}
    assert set(found["adjustment"]) == {NEW, OLD}
    assert whole.of(analysis="recalibration", target="incident_depression").empty
