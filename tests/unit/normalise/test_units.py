"""Units: conversion, limits of detection, values given in another unit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import make_cohort, make_study
from igfmood.config.vocabulary import UNITS
from igfmood.errors import DataError
from igfmood.normalise.units import check_declared_unit, convert, factor, other_unit

ANALYTE = make_study().analyte
units = st.sampled_from(UNITS)


def test_one_nmol_per_litre_of_igf1_is_7_649_ng_per_ml():
    assert factor("nmol/L", "ng/mL", 7649.0) == pytest.approx(7.649, rel=1e-14)
    assert factor("ng/mL", "nmol/L", 7649.0) == pytest.approx(0.130736, abs=5e-7)


@pytest.mark.parametrize(
    ("unit", "ng_ml"), [("ug/L", 1), ("pg/mL", 1e-3), ("mg/L", 1e3), ("mg/dL", 1e4), ("ng/mL", 1)]
)
def test_mass_units_in_ng_per_ml(unit, ng_ml):
    assert factor(unit, "ng/mL", None) == pytest.approx(ng_ml, rel=1e-14)


@given(st.floats(1e-6, 1e6), units, units, st.floats(100, 1e6))
def test_there_and_back_gives_the_value(value, unit, other, molar_mass):
    there = value * factor(unit, other, molar_mass)
    assert there * factor(other, unit, molar_mass) == pytest.approx(value, rel=1e-12)


def test_a_molar_unit_without_molar_mass_is_refused():
    with pytest.raises(ValueError, match="molar mass"):
        factor("nmol/L", "ng/mL", None)


def measured(values, below=None, lod=None, age=40.0):
    rows = pd.RangeIndex(1, len(values) + 1, name="row")
    return pd.DataFrame(
        {"igf1_value": values, "igf1_below_lod": False if below is None else below,
         "igf1_lod": np.nan if lod is None else lod, "age_years": age},
        index=rows,
    )  # fmt: skip


def cohort(unit):
    return make_cohort(analyte={"column": "igf1", "unit": unit})


def test_values_and_limits_are_converted_and_values_below_the_limit_stay_open():
    table = measured([20.0, np.nan, np.nan], below=[False, True, False], lod=[9, 10, 9])
    converted, problems = convert(table, cohort("nmol/L"), ANALYTE)
    assert converted["igf1_ng_ml"].iloc[0] == pytest.approx(20 * 7.649, rel=1e-12)
    assert converted["igf1_ng_ml"].iloc[1:].isna().all()
    assert converted["igf1_lod_ng_ml"].tolist() == pytest.approx([68.841, 76.49, 68.841])
    assert problems.empty
    assert converted["igf1_value"].iloc[0] == 20


@pytest.mark.parametrize(
    ("declared", "true", "remedy"),
    [
        ("ng/mL", "nmol/L", "as nmol/L it would be plausible"),
        ("nmol/L", "ng/mL", "as ng/mL or ug/L it would be plausible"),
        ("ng/mL", "pg/mL", "as pg/mL it would be plausible"),
        ("mg/L", "ng/mL", "as ng/mL or ug/L it would be plausible"),
    ],
)
def test_a_column_in_another_unit_than_declared_is_an_error(declared, true, remedy):
    ng_ml, age = clean(200, 4)
    values = ng_ml * factor("ng/mL", true, 7649)
    with pytest.raises(DataError, match=f"declared as {declared}.*{remedy}"):
        convert(measured(values, age=age), cohort(declared), ANALYTE)


def test_a_column_that_fits_no_unit_is_said_to_be_another_column():
    with pytest.raises(DataError, match="no known unit fits"):
        convert(measured(np.full(40, 1.7)), cohort("ng/mL"), ANALYTE)


@pytest.mark.parametrize("scale", [0.84, 1.0, 1.35, 2.0])
def test_assays_that_differ_by_a_factor_of_two_contradict_no_unit(scale):
    for median in (100, 240):  # old and young adults
        values = np.exp(np.random.default_rng(1).normal(np.log(median * scale), 0.3, 300))
        check_declared_unit(pd.Series(values), cohort("ng/mL"), ANALYTE)


def test_another_analyte_is_checked_only_if_the_study_says_what_is_usual():
    crp = make_study(analyte={"name": "crp", "label": "CRP", "unit": "mg/L"}).analyte
    assert crp.usual_median is None
    known = make_study(
        analyte={"name": "crp", "label": "CRP", "unit": "mg/L", "typical_median": [0.1, 20]}
    ).analyte
    values = pd.Series(np.full(40, 0.02))
    check_declared_unit(values, cohort("mg/L"), crp)
    with pytest.raises(DataError, match="as mg/dL it would be plausible"):
        check_declared_unit(values, cohort("mg/L"), known)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
def test_a_large_part_in_another_unit_is_found_too(share):
    ng_ml, age = clean(1000, 5, 0.3)
    values = ng_ml.copy()
    n = int(share * len(values))
    values[:n] /= 7.649
    found = other_unit(pd.Series(values), pd.Series(age), "ng/mL", 7649)
    assert (found[:n] == "nmol/L").mean() > 0.95
    assert (found[n:] == "").mean() > 0.99


def test_impossible_concentrations_are_problems_by_row():
    converted, problems = convert(measured([0.5, 1.0, 2000.0, 2001.0]), cohort("ng/mL"), ANALYTE)
    assert problems["row"].tolist() == [1, 4]
    assert problems["column"].tolist() == ["igf1", "igf1"]
    assert "possible: 1 to 2000 ng/mL" in problems["reason"].iloc[0]
    assert len(converted) == 4


def test_a_cohort_without_the_analyte_has_an_empty_column():
    converted, problems = convert(measured([np.nan]), make_cohort(analyte=None), ANALYTE)
    assert converted["igf1_ng_ml"].isna().all()
    assert problems.empty


def clean(n, seed, spread=0.35):
    """Log-normal concentrations that fall with age, ng/mL."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 80, n)
    return np.exp(5.6 - 0.012 * age + rng.normal(0, spread, n)), age


@pytest.mark.parametrize(
    ("declared", "true"), [("ng/mL", "nmol/L"), ("nmol/L", "ng/mL"), ("ng/mL", "pg/mL")]
)
def test_a_block_in_another_unit_is_found_and_the_rest_left_alone(declared, true):
    caught = false_alarms = 0
    for seed in range(10):
        ng_ml, age = clean(400, seed)
        values = ng_ml * factor("ng/mL", declared, 7649)
        values[:20] = ng_ml[:20] * factor("ng/mL", true, 7649)
        found = other_unit(pd.Series(values), pd.Series(age), declared, 7649)
        caught += int((found[:20] == true).sum())
        false_alarms += int((found[20:] != "").sum())
    # A factor of 7.649 is 5.8 SD: whoever lies 1.8 SD on the near side stays below 4.
    assert caught >= 170
    assert false_alarms <= 1


def test_the_problem_names_both_units():
    ng_ml, age = clean(200, 2)
    ng_ml[5] /= 7.649
    _, problems = convert(measured(ng_ml, age=age), cohort("ng/mL"), ANALYTE)
    assert problems[["row", "reason"]].to_numpy().tolist() == [
        [6, "looks like nmol/L, the column is declared as ng/mL"]
    ]


def test_clean_values_raise_hardly_any_alarm_whatever_scale_and_spread():
    alarms = total = 0
    for seed, spread in enumerate([0.1, 0.25, 0.35, 0.5, 0.8, 1.2] * 2):
        ng_ml, age = clean(5000, seed, spread)
        scale = 10.0 ** (seed % 5 - 2)
        found = other_unit(pd.Series(ng_ml * scale), pd.Series(age), UNITS[seed % 6], 7649)
        alarms += int((found != "").sum())
        total += 5000
    # Beyond 4 SD lie 6 of 100,000 normal values.
    assert alarms <= total * 1.5e-4


@given(st.integers(0, 50), st.floats(1e-3, 1e3))
def test_another_calibration_changes_no_alarm(seed, scale):
    ng_ml, age = clean(60, seed)
    ng_ml[:3] /= 7.649
    before = other_unit(pd.Series(ng_ml), pd.Series(age), "ng/mL", 7649)
    after = other_unit(pd.Series(ng_ml * scale), pd.Series(age), "ng/mL", 7649)
    assert before.tolist() == after.tolist()


@pytest.mark.parametrize("values", [[], [np.nan] * 40, [120.0] * 40, [150.0, np.nan]])
def test_nothing_is_suspected_where_nothing_can_be_compared(values):
    series = pd.Series(values, dtype=float)
    assert (other_unit(series, series * 0 + 40, "ng/mL", 7649) == "").all()


def test_unknown_ages_are_no_reason_to_fail():
    ng_ml, age = clean(100, 3)
    age[::2] = np.nan
    for ages in (age, np.full(100, np.nan)):
        assert (other_unit(pd.Series(ng_ml), pd.Series(ages), "ng/mL", None) == "").all()
