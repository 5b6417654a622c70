"""Reading the analyte: below the limit is not missing, and missing is not below the limit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from builders import as_raw, make_cohort, make_study
from igfmood.cohort.analyte import (
    numbers_below_limit,
    parse_analyte,
    parse_binding_protein,
    protein_beyond_limit,
)

ANALYTE = make_study().analyte


def read(*cells, decimal=".", missing=(), batch=None, **entry):
    raw = pd.DataFrame({"igf1": cells, "plate": batch or ""}, dtype=object)
    raw.index = pd.RangeIndex(1, len(cells) + 1, name="row")
    column = {"column": "igf1", "unit": "ng/mL", "batch": "plate" if batch else None, **entry}
    cohort = make_cohort(analyte=column, missing=list(missing))
    table = replace(as_raw(raw), decimals={"igf1": decimal})
    measured, parsed = parse_analyte(table, cohort, ANALYTE)
    return measured, pd.concat([part.problems for part in parsed])


def test_a_value_below_its_own_limit_carries_the_limit():
    measured, problems = read("<13,3", "< 70", "150,5", decimal=",", lod=60)
    assert measured["igf1_below_lod"].tolist() == [True, True, False]
    assert measured["igf1_lod"].tolist() == [13.3, 70, 60]
    assert measured["igf1_value"].isna().tolist() == [True, True, False]
    assert problems.empty


def test_declared_codes_mean_below_the_limit_and_others_mean_missing():
    measured, problems = read(
        "-1", "<LOD", "0", "-9", "", "120",
        below_limit=[-1, "<lod", 0], lod=60, missing=["-9"],
    )  # fmt: skip
    assert measured["igf1_below_lod"].tolist() == [True, True, True, False, False, False]
    assert measured["igf1_value"].notna().tolist() == [False] * 5 + [True]
    assert problems.empty


@pytest.mark.parametrize("cell", ["-4", "0", "0.0"])
def test_zero_and_negative_concentrations_are_problems(cell):
    measured, problems = read("150", cell)
    assert problems[["row", "column", "value"]].to_numpy().tolist() == [[2, "igf1", cell]]
    assert "zero or negative" in problems["reason"].iloc[0]
    assert np.isnan(measured["igf1_value"].iloc[1])


@pytest.mark.parametrize("cell", ["hemolysed", "<abc", "<1.2.3", "<0", "1e999", "120 ng/mL", "<"])
def test_what_is_no_concentration_is_a_problem_and_not_below_the_limit(cell):
    measured, problems = read("150", cell, lod=60)
    assert problems["value"].tolist() == [cell]
    assert not measured["igf1_below_lod"].any()
    assert np.isnan(measured["igf1_value"].iloc[1])
    assert (measured["igf1_lod"] > 0).all()


@pytest.mark.parametrize("cell", ["<=75", "≤75", "≤ 75", "<75 ng/mL", "<= 75ng/mL"])
def test_every_way_to_write_below_a_limit_is_below_it(cell):
    measured, problems = read("150", cell)
    assert measured["igf1_below_lod"].tolist() == [False, True]
    assert measured["igf1_lod"].iloc[1] == 75
    assert problems.empty


@pytest.mark.parametrize("cell", ["<75 nmol/L", "≤", "<75 ?"])
def test_an_unclear_limit_is_a_problem_that_says_what_to_do(cell):
    measured, problems = read("150", cell, lod=60)
    assert not measured["igf1_below_lod"].any()
    assert "add it to analyte.below_limit" in problems["reason"].item()


def test_a_blank_within_a_code_does_not_matter():
    measured, problems = read("150", "< LOD", "<lod", lod=60, below_limit=["<LOD"])
    assert measured["igf1_below_lod"].tolist() == [False, True, True]
    assert problems.empty


@pytest.mark.parametrize("cell", [">600", "≥ 600"])
def test_a_value_above_the_range_is_a_problem_that_says_so(cell):
    _, problems = read("150", cell)
    assert "above the range of the assay is not supported" in problems["reason"].item()


def test_a_number_below_the_declared_limit_is_below_it_and_stays_as_given():
    measured, problems = read("150", "42.4", "60", "-9", "0", lod=60, missing=["-9"])
    assert measured["igf1_below_lod"].tolist() == [False, True, False, False, False]
    assert measured["igf1_lod"].iloc[1] == 60
    assert measured["igf1_value"].iloc[1] == 42.4
    assert problems["value"].tolist() == ["0"]


@pytest.mark.parametrize(
    ("cells", "n", "heap"),
    [
        (["42.4"] * 12 + ["30"], 13, "most of them hold the same one (42.4, the limit over the"),
        (["30"] * 12, 12, "most of them hold the same one (30, half the limit)"),
        (["42.4"] * 9, 9, ""),
        ([str(20 + k) for k in range(12)], 12, ""),
    ],
)
def test_numbers_below_the_limit_are_counted_and_a_heap_of_them_is_named(cells, n, heap):
    measured, _ = read("150", "<50", *cells, lod=60)
    cohort = make_cohort(analyte={"column": "igf1", "unit": "ng/mL", "lod": 60})
    note = numbers_below_limit(measured, cohort, ANALYTE, 10)
    assert f"{n} rows hold a number below the declared detection limit of 60 ng/mL" in note
    assert heap in note
    assert ("same one" in note) == bool(heap)


def test_without_numbers_below_the_limit_nothing_is_said():
    measured, _ = read("150", "<50", lod=60)
    cohort = make_cohort(analyte={"column": "igf1", "unit": "ng/mL", "lod": 60})
    assert numbers_below_limit(measured, cohort, ANALYTE, 10) == ""


def test_unit_assay_matrix_and_batch_stay_beside_the_value():
    measured, _ = read("150", "160", batch=["A", ""], assay="Elecsys", matrix="plasma_edta")
    assert measured["igf1_unit"].tolist() == ["ng/mL"] * 2
    assert measured["igf1_assay"].tolist() == ["Elecsys"] * 2
    assert measured["igf1_matrix"].tolist() == ["plasma_edta"] * 2
    assert measured["igf1_batch"].iloc[0] == "A"
    assert pd.isna(measured["igf1_batch"].iloc[1])


def test_a_cohort_that_did_not_measure_it_has_empty_columns_and_no_problems():
    raw = pd.DataFrame({"igf1": ["150"]}, dtype=object)
    measured, parsed = parse_analyte(raw, make_cohort(analyte=None), ANALYTE)
    assert parsed == []
    assert measured["igf1_value"].isna().all()
    assert not measured["igf1_below_lod"].any()


def protein(*cells):
    raw = pd.DataFrame({"igf1": "150", "bp3": cells}, dtype=object)
    cohort = make_cohort(igfbp3={"column": "bp3", "unit": "mg/L", "missing": ["-9"]})
    table = as_raw(raw)
    measured, (parsed,) = parse_binding_protein(table, cohort)
    return measured["igfbp3_value"], parsed.problems, protein_beyond_limit(table, cohort)


def test_a_protein_beyond_a_limit_is_missing_and_its_person_stays():
    values, problems, note = protein("4.2", "<0.5", "≤ 0.5", "> 16 mg/L", "-9", "")
    assert values.isna().tolist() == [False] + [True] * 5
    assert problems.empty
    assert note.startswith("bp3: 3 rows lie beyond a limit of the assay")
    assert protein("4.2", "-9")[2] == ""


def test_a_protein_that_is_no_number_is_a_problem():
    _, problems, _ = protein("4.2", "hemolysed", "<")
    assert problems["value"].tolist() == ["hemolysed", "<"]
