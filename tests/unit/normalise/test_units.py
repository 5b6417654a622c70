"""Units: conversion, limits of detection, values given in another unit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import cohort_entry, make_cohort, make_study, study_config
from igfmood.config.load import parse_study
from igfmood.config.units import MASS_UNITS, UNITS, factor, other_units
from igfmood.errors import DataError
from igfmood.normalise.participants import prepare_cohort
from igfmood.normalise.units import analyte_column, check_declared_unit, convert, other_unit

ANALYTE = make_study().analyte
units = st.sampled_from(UNITS)


def others(unit, molar_mass=7649.0):
    return other_units(unit, molar_mass, None)


def test_one_nmol_per_litre_of_igf1_is_7_649_ng_per_ml():
    assert factor("nmol/L", "ng/mL", 7649.0) == pytest.approx(7.649, rel=1e-14)
    assert factor("ng/mL", "nmol/L", 7649.0) == pytest.approx(0.130736, abs=5e-7)


@pytest.mark.parametrize(
    ("unit", "ng_ml"), [("ug/L", 1), ("pg/mL", 1e-3), ("mg/L", 1e3), ("mg/dL", 1e4), ("ng/mL", 1)]
)
def test_mass_units_in_ng_per_ml(unit, ng_ml):
    assert factor(unit, "ng/mL", None) == pytest.approx(ng_ml, rel=1e-14)


@given(st.floats(1e-6, 1e6), units, units, st.floats(100, 1e6), st.floats(0.1, 1e3))
def test_there_and_back_gives_the_value(value, unit, other, molar_mass, ng_per_mu):
    there = value * factor(unit, other, molar_mass, ng_per_mu)
    assert there * factor(other, unit, molar_mass, ng_per_mu) == pytest.approx(value, rel=1e-12)


def test_a_molar_unit_without_molar_mass_is_refused():
    with pytest.raises(ValueError, match="molar mass"):
        factor("nmol/L", "ng/mL", None)


def test_a_milliunit_of_insulin_is_six_pmol():
    # WHO standard 66/304: 34.7 ug in a unit; 5,808 g/mol.
    assert factor("mU/L", "pmol/L", 5808.0, 34.7) == pytest.approx(6.0, rel=0.005)
    assert factor("uIU/mL", "mU/L") == factor("pmol/L", "nmol/L") * 1000 == 1
    with pytest.raises(ValueError, match="milliunit"):
        factor("mU/L", "pmol/L", 5808.0)


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
        check_declared_unit(pd.Series(values), analyte_column(cohort("ng/mL"), ANALYTE))


def test_another_analyte_is_checked_only_if_the_study_says_what_is_usual():
    crp = make_study(analyte={"name": "crp", "label": "CRP", "unit": "mg/L"}).analyte
    assert crp.usual_median is None
    known = make_study(
        analyte={"name": "crp", "label": "CRP", "unit": "mg/L", "typical_median": [0.1, 20]}
    ).analyte
    values = pd.Series(np.full(40, 0.02))
    check_declared_unit(values, analyte_column(cohort("mg/L"), crp))
    with pytest.raises(DataError, match="as mg/dL it would be plausible"):
        check_declared_unit(values, analyte_column(cohort("mg/L"), known))


@pytest.mark.parametrize("unit", [*MASS_UNITS, "nmol/L", "pmol/L", "umol/L"])
def test_the_unit_is_checked_whatever_the_unit_of_the_study(unit):
    analyte = make_study(analyte={"unit": unit}).analyte
    ng_ml, age = clean(300, 4)
    right = ng_ml * factor("ng/mL", unit, 7649)
    converted, problems = convert(measured(right, age=age), cohort(unit), analyte)
    assert problems.empty
    np.testing.assert_allclose(converted[analyte.converted], right)
    other = "nmol/L" if unit in MASS_UNITS else "ng/mL"
    with pytest.raises(DataError, match=f"declared as {unit}.*correct analyte.unit"):
        convert(measured(ng_ml * factor("ng/mL", other, 7649), age=age), cohort(unit), analyte)


@pytest.mark.parametrize("median", [150, 250, 300])
@pytest.mark.parametrize("share", [0.45, 0.5, 0.55, 0.6, 0.7])
def test_half_a_column_in_another_unit_is_an_error(median, share):
    ng_ml, age = clean(1000, 6, 0.3)
    values = ng_ml * median / np.median(ng_ml)
    n = int(share * len(values))
    values[:n] /= 7.649
    with pytest.raises(DataError, match=r"\d+ of 1000 values look like nmol/L, and only \d+ like"):
        convert(measured(values, age=age), cohort("ng/mL"), ANALYTE)


def test_a_smaller_part_in_another_unit_costs_those_rows():
    ng_ml, age = clean(1000, 6, 0.3)
    ng_ml[:350] /= 7.649
    _, problems = convert(measured(ng_ml, age=age), cohort("ng/mL"), ANALYTE)
    assert problems["row"].le(350).mean() > 0.99
    assert len(problems) > 340


@pytest.mark.parametrize("given", ["pg/mL", "mg/L"])
def test_of_a_factor_up_and_down_the_smaller_heap_is_the_misplaced_one(given):
    ng_ml, age = clean(500, 6, 0.3)
    ng_ml[:100] *= factor("ng/mL", given, None)
    found = other_unit(pd.Series(ng_ml), pd.Series(age), others("ng/mL"))
    assert (found[:100] == given).mean() > 0.95
    assert (found[100:] == "").mean() > 0.99


def test_infants_and_adolescents_are_not_two_units():
    rng = np.random.default_rng(1)
    infant = rng.random(1000) < 0.5
    age = np.where(infant, rng.uniform(0, 2, 1000), rng.uniform(12, 18, 1000))
    values = np.where(infant, 50, 400) * np.exp(rng.normal(0, 0.35, 1000))
    _, problems = convert(measured(values, age=age), cohort("ng/mL"), ANALYTE)
    assert problems.empty


@pytest.mark.parametrize("n", [5, 19])
def test_few_values_are_checked_by_their_median(n):
    values = 150 * np.exp(np.random.default_rng(2).normal(0, 0.3, n))
    convert(measured(values), cohort("ng/mL"), ANALYTE)
    convert(measured(values / 3.5), cohort("ng/mL"), ANALYTE)  # low, and no contradiction
    with pytest.raises(DataError, match="as nmol/L it would be plausible"):
        convert(measured(values / 7.649), cohort("ng/mL"), ANALYTE)
    convert(measured(values[:4] / 7.649), cohort("ng/mL"), ANALYTE)


def test_a_declared_limit_in_another_unit_is_an_error():
    ng_ml, age = clean(300, 3)
    table = measured(ng_ml / 7.649, lod=75.0, age=age)
    entry = make_cohort(analyte={"column": "igf1", "unit": "nmol/L", "lod": 75})
    with pytest.raises(DataError, match=r"limit 75 nmol/L lies above most .* may be in ng/mL"):
        convert(table, entry, ANALYTE)


def test_a_high_limit_with_most_values_below_it_is_no_error():
    ng_ml, age = clean(300, 3)
    lod = float(np.quantile(ng_ml, 0.8))
    entry = make_cohort(analyte={"column": "igf1", "unit": "ng/mL", "lod": lod})
    for stand_in in (np.nan, lod / np.sqrt(2)):
        values = np.where(ng_ml < lod, stand_in, ng_ml)
        _, problems = convert(measured(values, ng_ml < lod, lod, age), entry, ANALYTE)
        assert problems.empty


def test_a_stated_limit_in_another_unit_costs_its_row():
    ng_ml, age = clean(300, 3)
    values, limits = ng_ml / 7.649, np.full(300, np.nan)
    values[:4], limits[:4] = np.nan, [75.0, 75.0, 9.5, 9.5]
    table = measured(values, np.isfinite(limits), limits, age)
    _, problems = convert(table, cohort("nmol/L"), ANALYTE)
    assert problems["row"].tolist() == [1, 2]
    assert problems["value"].tolist() == ["75.0", "75.0"]
    assert problems["reason"].str.contains("looks like ng/mL").all()


@pytest.mark.parametrize(
    ("unit", "per_pmol"), [("pmol/L", 1), ("uIU/mL", 1 / 5.975), ("ng/mL", 5.808e-3)]
)
def test_insulin_is_analysed_in_its_usual_units_by_configuration_alone(tmp_path, unit, per_pmol):
    rng = np.random.default_rng(1)
    pmol = np.exp(rng.normal(np.log(50), 0.5, 80))
    lines = [
        f"{k},{30 + k % 40},{('female', 'male')[k % 2]},{value * per_pmol:.6g},control"
        for k, value in enumerate(pmol)
    ]
    (tmp_path / "clinic.csv").write_text("\n".join(["id,age,sex,ins,dx", *lines]) + "\n")
    study = parse_study(
        study_config(
            cohort_entry(analyte={"column": "ins", "unit": unit}),
            data_root=str(tmp_path),
            analyte={"name": "insulin", "label": "Insulin", "unit": "pmol/L", "molar_mass": 5808,
                     "ng_per_mu": 34.7, "typical_median": [10, 200]},
        )
    )  # fmt: skip
    table = prepare_cohort(study, study.cohorts[0]).participants
    np.testing.assert_allclose(table["insulin_pmol_l"], pmol, rtol=1e-3)
    assert table["insulin_sds"].notna().all()


@pytest.mark.parametrize(
    ("name", "unit", "median", "spread"),
    [("crp", "mg/L", 1.4, 1.1), ("insulin", "ng/mL", 0.4, 0.5), ("bdnf", "ng/mL", 2500, 0.3)],
)
def test_sound_values_of_other_analytes_are_not_judged_by_those_of_igf1(name, unit, median, spread):
    analyte = make_study(analyte={"name": name, "unit": unit}).analyte
    values = median * np.exp(np.random.default_rng(1).normal(0, spread, 300))
    table = measured(values).rename(columns=lambda name: name.replace("igf1", analyte.name))
    _, problems = convert(table, cohort(unit), analyte)
    assert problems.empty


@pytest.mark.parametrize("share", [0.1, 0.3, 0.45])
def test_a_large_part_in_another_unit_is_found_too(share):
    ng_ml, age = clean(1000, 5, 0.3)
    values = ng_ml.copy()
    n = int(share * len(values))
    values[:n] /= 7.649
    found = other_unit(pd.Series(values), pd.Series(age), others("ng/mL"))
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
        found = other_unit(pd.Series(values), pd.Series(age), others(declared))
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
        found = other_unit(pd.Series(ng_ml * scale), pd.Series(age), others(UNITS[seed % 8]))
        alarms += int((found != "").sum())
        total += 5000
    # Beyond 4 SD lie 6 of 100,000 normal values.
    assert alarms <= total * 1.5e-4


@settings(deadline=None)
@given(st.integers(0, 50), st.floats(1e-3, 1e3))
def test_another_calibration_changes_no_alarm(seed, scale):
    ng_ml, age = clean(60, seed)
    ng_ml[:3] /= 7.649
    before = other_unit(pd.Series(ng_ml), pd.Series(age), others("ng/mL"))
    after = other_unit(pd.Series(ng_ml * scale), pd.Series(age), others("ng/mL"))
    assert before.tolist() == after.tolist()


@pytest.mark.parametrize("values", [[], [np.nan] * 40, [120.0] * 40, [150.0, np.nan]])
def test_nothing_is_suspected_where_nothing_can_be_compared(values):
    series = pd.Series(values, dtype=float)
    assert (other_unit(series, series * 0 + 40, others("ng/mL")) == "").all()


def test_unknown_ages_are_no_reason_to_fail():
    ng_ml, age = clean(100, 3)
    age[::2] = np.nan
    for ages in (age, np.full(100, np.nan)):
        assert (other_unit(pd.Series(ng_ml), pd.Series(ages), others("ng/mL", None)) == "").all()
