"""IGFBP-3 and the molar ratio, with the molar masses that were taken."""

import numpy as np
import pandas as pd
import pytest

from builders import SOURCE, cohort_entry, make_cohort, make_study, people, study_config
from igfmood.config.load import parse_study
from igfmood.config.units import factor
from igfmood.errors import ConfigError, DataError
from igfmood.normalise.binding import (
    add_molar_ratio,
    convert_protein,
    describe_ratio,
    left_out_note,
)
from igfmood.normalise.describe import add_normalisation
from igfmood.normalise.participants import add_sds
from igfmood.results import Rows, select


def ratio(igf1, protein, unit="mg/L", **normalise):
    entry = cohort_entry(igfbp3={"column": "bp3", "unit": unit})
    study = parse_study(study_config(entry, normalise=normalise))
    rows = pd.RangeIndex(1, len(igf1) + 1, name="row")
    table = pd.DataFrame(
        {"igf1_ng_ml": igf1, "igfbp3_value": protein, "age_years": 40.0}, index=rows
    )
    converted, problems = convert_protein(table, study, study.cohorts[0])
    return add_molar_ratio(converted, study), problems


def test_the_ratio_of_masses_times_3_987_is_the_ratio_of_moles():
    # Framingham's factor: 30,500 over 7,649 g/mol.
    found, problems = ratio([150.0], [4.0])
    assert found["igfbp3_ng_ml"].tolist() == [4000]
    assert found["igf_ratio_molar"].iloc[0] == pytest.approx(150 / 4000 * 3.987, rel=2e-4)
    assert problems.empty


def test_another_molar_mass_is_another_ratio():
    usual, _ = ratio([150.0], [4.0])
    light, _ = ratio([150.0], [4.0], igfbp3_molar_mass=28_500)
    found = light["igf_ratio_molar"] / usual["igf_ratio_molar"]
    assert found.iloc[0] == pytest.approx(28_500 / 30_500)


def test_moles_need_no_mass_of_the_protein():
    in_mass, _ = ratio([150.0], [4.0])
    in_moles, _ = ratio([150.0], [4000 / 30.5], unit="nmol/L")
    assert in_moles["igf_ratio_molar"].iloc[0] == pytest.approx(in_mass["igf_ratio_molar"].iloc[0])


def test_an_impossible_concentration_is_a_problem_and_a_gap_is_none():
    _, problems = ratio([150.0, 150.0, np.nan], [4000.0, np.nan, 4.0])
    assert problems[["row", "column"]].to_numpy().tolist() == [[1, "bp3"]]
    assert "impossible for IGFBP-3" in problems["reason"].iloc[0]


def protein(seed, n=300):
    """Log-normal IGFBP-3 about 4,000 ng/mL."""
    return 4000 * np.exp(np.random.default_rng(seed).normal(0, 0.25, n))


UNITS = ["ng/mL", "mg/L", "mg/dL", "nmol/L"]


@pytest.mark.parametrize("declared", UNITS)
@pytest.mark.parametrize("true", UNITS)
def test_a_column_of_igfbp3_in_another_unit_than_declared_is_an_error(declared, true):
    values = protein(1) * factor("ng/mL", true, 30_500)
    if declared == true:
        found, problems = ratio(np.full(300, 150.0), values, declared)
        assert found["igf_ratio_molar"].notna().all()
        assert problems.empty
        return
    with pytest.raises(DataError, match=f"'bp3' is declared as {declared}.*correct igfbp3.unit"):
        ratio(np.full(300, 150.0), values, declared)


@pytest.mark.parametrize(("declared", "true"), [("mg/L", "mg/dL"), ("ng/mL", "mg/L")])
def test_igfbp3_in_another_unit_is_left_out_and_counted_and_the_person_stays(declared, true):
    values = protein(2) * factor("ng/mL", declared, None)
    values[:60] *= factor("ng/mL", true, None) / factor("ng/mL", declared, None)
    found, problems = ratio(np.full(300, 150.0), values, declared)
    assert problems.empty
    assert found["igf_ratio_molar"].isna()[:60].mean() > 0.95
    assert found["igf_ratio_molar"].notna()[60:].mean() > 0.99
    entry = make_cohort(igfbp3={"column": "bp3", "unit": declared})
    left_out = int(found["igf_ratio_molar"].isna().sum())
    assert f"bp3: {left_out} rows hold a value that looks like another" in left_out_note(
        found, entry
    )


def test_igfbp3_has_no_units_of_activity():
    with pytest.raises(ConfigError, match="no units of activity"):
        ratio([150.0], [4.0], "mU/L")


def test_the_masses_are_printed():
    assert "7649 and 30500 g/mol" in describe_ratio(make_study())


@pytest.mark.parametrize("below_limit", ["lod_sqrt2", "censored_likelihood"])
def test_below_the_limit_the_ratio_is_that_of_what_stands_for_the_value(below_limit):
    study = make_study("clinic", normalise={"below_limit": below_limit})
    table = people({"control": 120, "mdd": 60}).assign(igfbp3_value=4.0, igfbp3_ng_ml=4000.0)
    below = table["igf1_ng_ml"] < 120
    table = table.assign(
        igf1_ng_ml=table["igf1_ng_ml"].mask(below), igf1_below_lod=below, igf1_lod_ng_ml=120.0
    )
    scored, measured, learned = add_sds(table, study, study.cohorts[0])
    found = add_molar_ratio(scored, study)
    expected = found["igf1_ng_ml"] / 7649 / (4000 / 30_500)
    assert found["igf_ratio_molar"].to_numpy() == pytest.approx(expected.to_numpy())
    rows = Rows(SOURCE)
    add_normalisation(rows, measured, found, learned, study)
    medians = select(rows.table(), analysis="molar_ratio", measure="median").set_index("stratum")
    groups = table.groupby("diagnosis")
    assert medians["n"].to_dict() == groups.size().to_dict()
    assert medians["n_events"].to_dict() == groups["igf1_below_lod"].sum().to_dict()
    said = {"lod_sqrt2": "limit over the root of 2", "censored_likelihood": "expectation under"}
    assert medians["method"].str.contains(said[below_limit]).all()
