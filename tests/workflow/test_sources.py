"""Each source's made tables, read through its preset: the counts of the truth files come out."""

from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from igfmood.cohort.build import Built, build_cohort
from igfmood.config.load import parse_study, read_yaml
from igfmood.config.study import Study
from igfmood.errors import IgfmoodError

SOURCES = Path(__file__).resolve().parents[1] / "fixtures" / "sources"
EXAMPLES = SOURCES.parents[2] / "config" / "examples"
COHORTS = [
    (path.parent.name, cohort)
    for path in sorted(SOURCES.glob("*/truth.yaml"))
    for cohort in yaml.safe_load(path.read_text(encoding="utf-8"))
]
WORDS = {True: "yes", False: "no"}


def study(source: str) -> Study:
    return parse_study(read_yaml(SOURCES / source / "study.yaml"))


@cache
def built(source: str, cohort: str) -> Built:
    read = study(source)
    return build_cohort(read.cohort(cohort), read.analyte, SOURCES / source)


def truth(source: str, cohort: str) -> dict[str, Any]:
    return read_yaml(SOURCES / source / "truth.yaml")[cohort]


@pytest.mark.parametrize(("source", "cohort"), COHORTS)
def test_every_row_ends_where_it_must(source: str, cohort: str):
    found, expected = built(source, cohort), truth(source, cohort)
    quarantined = found.quarantine["row"].nunique()
    assert found.flow.rows_in == expected["rows_in"]
    assert quarantined == expected["quarantined"], found.quarantine.to_string()
    assert found.flow.excluded == expected["excluded"]
    assert len(found.participants) == expected["analysed"]
    lost = found.flow.rows_in - quarantined - sum(found.flow.excluded.values())
    assert lost == len(found.participants)


@pytest.mark.parametrize(("source", "cohort"), COHORTS)
def test_the_groups_are_right(source: str, cohort: str):
    found = built(source, cohort)
    flow = found.flow.with_participants(found.participants, found.quarantine["row"].nunique())
    assert flow.groups == truth(source, cohort)["groups"]


@pytest.mark.parametrize(("source", "cohort"), COHORTS)
def test_the_phq9_is_right(source: str, cohort: str):
    before, expected = built(source, cohort).flow.before, truth(source, cohort)
    assert before["phq9_complete"] == expected["phq9_complete"]
    assert before["phq9_10_or_more"] == expected["phq9_10_or_more"]


@pytest.mark.parametrize(("source", "cohort"), COHORTS)
def test_numbers_and_categories_are_right(source: str, cohort: str):
    people, expected = built(source, cohort).participants, truth(source, cohort)
    analyte = study(source).analyte
    # The truth files round to four digits.
    medians = {name: round(float(people[name].median()), 4) for name in expected["medians"]}
    assert medians == pytest.approx(expected["medians"], abs=1e-4)
    for name, counts in expected.get("counts", {}).items():
        found = people[name].dropna().map(lambda value: WORDS.get(value, value)).value_counts()
        assert {str(key): int(n) for key, n in found.items()} == counts, name
    assert int(people[analyte.below_lod].sum()) == expected.get("below_limit", 0)


def test_both_spellings_of_uk_biobank_give_the_same_people():
    codes, words = (built("ukbiobank", name).participants for name in ("ukb_codes", "ukb_rap"))
    same = [name for name in codes if name in words]
    assert {"igf1_value", "phq9_total", "lag_days", "diagnosis", "sex"} <= set(same)
    pd.testing.assert_frame_equal(codes[same], words[same])


def test_uk_biobank_is_prospective():
    lag = built("ukbiobank", "ukb_codes").participants["lag_days"].dropna()
    assert len(lag) > 20
    assert lag.min() > 5 * 365


def test_a_later_visit_of_uk_biobank_is_not_read():
    # 30770-1.0 holds 99 nmol/L here; the preset reads instance 0.
    assert built("ukbiobank", "ukb_codes").participants["igf1_value"].max() < 50


def test_tiny_numbers_of_sas_are_zeros():
    # The first cycle's zeros are written as 5.4e-79, the second's as zeros.
    for cohort in ("nhanes_2009_10", "nhanes_2015_16"):
        items = built("nhanes", cohort).participants[[f"phq{item}" for item in range(1, 10)]]
        assert set(items.stack().dropna()) <= {0.0, 1.0, 2.0, 3.0}
        assert int((items == 0).sum().sum()) > 50


def test_a_person_with_three_drugs_is_one_row():
    people = built("nhanes", "nhanes_2009_10").participants
    assert people["participant_id"].is_unique
    both = people["ad_use"].fillna(False) & people["lithium"].fillna(False)
    assert int(both.sum()) == truth("nhanes", "nhanes_2009_10")["counts"]["lithium"]["yes"]


def test_crp_of_both_cycles_keeps_its_own_unit():
    units = [
        set(built("nhanes", cohort).participants["crp_unit"])
        for cohort in ("nhanes_2009_10", "nhanes_2015_16")
    ]
    assert units == [{"mg/dL"}, {"mg/L"}]


def test_the_three_case_control_files_hold_the_same_people():
    english, german, workbook = (
        built("case_control", name).participants for name in ("english", "german", "workbook")
    )
    for other in (german, workbook):
        for name in ("participant_id", "sex", "smoking", "diagnosis", "dx_subtype", "igf1_value"):
            pd.testing.assert_series_equal(english[name], other[name])


@pytest.mark.parametrize(
    ("example", "source", "table", "excluded"),
    [
        ("ukbiobank", "ukbiobank", "ukb_codes.csv", {"pregnancy": 1}),
        ("ukbiobank", "ukbiobank", "ukb_rap.csv", {"pregnancy": 1}),
        ("midus", "midus2", "midus2_p4.sav", {}),
    ],
)
def test_the_example_studies_read_such_tables(
    example: str, source: str, table: str, excluded: dict[str, int]
):
    read = parse_study(read_yaml(EXAMPLES / f"{example}.yaml"))
    cohort = read.cohorts[0].model_copy(update={"table": table})
    flow = build_cohort(cohort, read.analyte, SOURCES / source).flow
    assert {rule: n for rule, n in flow.excluded.items() if n} == excluded
    assert flow.rows_in == 50


def test_an_ambiguous_label_stops_with_a_question():
    read = study("case_control")
    cohort = read.cohort("english").model_copy(update={"table": "ambiguous.csv"})
    with pytest.raises(IgfmoodError, match=r"(?s)BPD.*borderline"):
        build_cohort(cohort, read.analyte, SOURCES / "case_control")
