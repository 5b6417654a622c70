"""Drugs from ATC codes and names: no drug listed is not the same as no drug."""

import pandas as pd
import pytest

from builders import as_raw
from igfmood.cohort.medication import code_medication
from igfmood.config.diagnosis import Medication
from igfmood.config.vocabulary import DRUG_VARIABLES


def take(*lists, coding="names", missing=(), **entry):
    raw = as_raw(pd.DataFrame({"rx": lists}, dtype=object))
    checked = Medication(columns=["rx"], coding=coding, **entry)
    table, parsed = code_medication(raw, checked, list(missing))
    assert list(table) == list(DRUG_VARIABLES)
    return table, parsed[0].problems


def classes(text, coding="names", **entry):
    """Return the flags that a cell sets, and the route of an oestrogen."""
    table, problems = take(text, coding=coding, **entry)
    assert problems.empty
    row = table.iloc[0]
    flags = {name for name in DRUG_VARIABLES if name != "hrt_route" and row[name] is not pd.NA
             and row[name]}  # fmt: skip
    return flags | ({row["hrt_route"]} - {"none"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SERTRALINE", {"ad_use"}), ("sertraline hydrochloride 50 mg", {"ad_use"}),
        ("Sertralin", {"ad_use"}), ("St. John's wort", {"ad_use"}), ("METFORMIN", set()),
        ("AMITRIPTYLINE; PERPHENAZINE", {"ad_use", "antipsychotic"}),
        ("OLANZAPINE; FLUOXETINE", {"ad_use", "antipsychotic"}),
        ("lithium carbonate", {"lithium"}), ("LITHIUM|QUETIAPINE", {"lithium", "antipsychotic"}),
        ("DIVALPROEX SODIUM", {"valproate"}),
        ("sodium valproate, lithium", {"valproate", "lithium"}),
        ("ETHINYL ESTRADIOL; NORETHINDRONE", {"oc_use"}), ("norethisterone", {"oc_use"}),
        ("Levonorgestrel/Ethinylestradiol", {"oc_use"}),
        ("ESTRADIOL; NORETHINDRONE", {"other"}), ("estradiol patch", {"transdermal"}),
        ("estradiol 1 mg oral tablet", {"oral"}), ("estradiol vaginal", {"other"}),
        ("CONJUGATED ESTROGENS", {"oral"}), ("CONJUGATED ESTROGENS TOPICAL", {"other"}),
        ("estradiol patch | CONJUGATED ESTROGENS", {"oral"}),
        ("ethinyl estradiol; levonorgestrel | estradiol gel", {"oc_use", "transdermal"}),
        ("PREDNISONE", {"glucocorticoid"}), ("PREDNISOLONE OPHTHALMIC", set()),
        ("DEXAMETHASONE; TOBRAMYCIN OPHTHALMIC", set()), ("budesonide inhaler", set()),
        ("prednisone; timolol ophthalmic", {"glucocorticoid"}),
        ("FLUDROCORTISONE", set()), ("Doxepin topical", set()),
        ("SOMATROPIN", {"gh_axis_drug"}), ("octreotide LAR", {"gh_axis_drug"}),
        ("tamoxifen", set()), ("none", set()),
    ],
)  # fmt: skip
def test_names(text, said):
    assert classes(text) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("N06AB06", {"ad_use"}), ("n06a", {"ad_use"}), ("N06CA01", {"ad_use"}),
        ("N05AN01", {"lithium"}), ("N05AH04", {"antipsychotic"}), ("N03AG01", {"valproate"}),
        ("N06AB06 N05AN01;A10BA02", {"ad_use", "lithium"}), ("G03AA07", {"oc_use"}),
        ("G03CA03", {"other"}), ("G03CA03 transdermal", {"transdermal"}), ("G03CA57", {"oral"}),
        ("H02AB07", {"glucocorticoid"}), ("H02AA02", set()), ("R03BA02", set()),
        ("H01AC01", {"gh_axis_drug"}), ("H01CB02", {"gh_axis_drug"}), ("L02BA01", set()),
        ("N06AB06 sertraline", {"ad_use"}),
    ],
)  # fmt: skip
def test_atc_codes(text, said):
    assert classes(text, coding="atc") == said


def test_a_code_that_is_too_short_leaves_its_classes_open():
    row = take("N05A", coding="atc")[0].iloc[0]
    assert row["lithium"] is pd.NA
    assert row["ad_use"] is not pd.NA
    assert not row["ad_use"]


@pytest.mark.parametrize("cell", ["sertraline", "N06AB06; sertraline", "N6AB", "?"])
def test_what_is_no_list_of_atc_codes_is_a_problem(cell):
    table, problems = take(cell, coding="atc")
    if cell == "?":
        assert table["ad_use"].notna().all()  # signs without words say nothing
        return
    assert problems[["column", "value"]].to_numpy().tolist() == [["rx", cell]]
    assert table.isna().all(axis=None)


def test_an_empty_cell_is_unknown_unless_the_entry_says_no():
    unknown, _ = take("", "-9", "SERTRALINE", missing=["-9"])
    assert unknown.iloc[:2].isna().all(axis=None)
    assert not unknown["lithium"].iloc[2]
    nobody, _ = take("", empty_means="no")
    assert not nobody["ad_use"].iloc[0]
    assert nobody["hrt_route"].iloc[0] == "none"


def test_names_of_the_study_come_first_and_may_be_codes_or_generic_names():
    names = {"Quilonum ret.": "lithium", "Cipralex": "N06AB10", "sertraline": "placebo"}
    assert classes("QUILONUM RET 450", names=names) == {"lithium"}
    assert classes("cipralex", names=names) == {"ad_use"}
    assert classes("Sertraline", names=names) == set()


def test_drugs_of_all_columns_count_together():
    raw = as_raw(pd.DataFrame({"d1": ["SERTRALINE", ""], "d2": ["LITHIUM", "ASPIRIN"]}))
    table, _ = code_medication(raw, Medication(columns=["d*"], coding="names"), [])
    assert table["ad_use"].tolist() == [True, False]
    assert table["lithium"].tolist() == [True, False]


def test_recall_and_precision_against_the_therapeutic_classes_of_nhanes(shared):
    """NHANES 2007-2010 prescriptions with their Multum class.

    By ATC some drugs of other Multum classes are antidepressants (bupropion N06AX12, doxepin
    N06AA12, combinations N06CA) or antipsychotics (phenothiazines against nausea, N05AB);
    "serotonin" is no drug.
    """
    rx = pd.read_csv(shared / "data/nhanes/nhanes_rx_2007_2010.csv.gz", dtype=str,
                     keep_default_na=False)  # fmt: skip
    table, parsed = code_medication(as_raw(rx), Medication(columns=["RXDDRUG"], coding="names"), [])
    assert parsed[0].problems.empty
    by_atc = {
        "ad_use": ["BUPROPION", "DOXEPIN", "AMITRIPTYLINE; CHLORDIAZEPOXIDE",
                   "AMITRIPTYLINE; PERPHENAZINE", "FLUOXETINE; OLANZAPINE"],
        "lithium": [],
        "antipsychotic": ["PROCHLORPERAZINE", "PERPHENAZINE", "CHLORPROMAZINE",
                          "AMITRIPTYLINE; PERPHENAZINE", "FLUOXETINE; OLANZAPINE"],
    }  # fmt: skip
    classes_of = {"ad_use": "ANTIDEPRESSANTS", "lithium": "ANTIMANIC AGENTS",
                  "antipsychotic": "ANTIPSYCHOTICS"}  # fmt: skip
    for name, drugs in by_atc.items():
        truth = (rx["RXDDCN1B"] == classes_of[name]) & (rx["RXDDRUG"] != "SEROTONIN")
        truth |= rx["RXDDRUG"].isin(drugs)
        found = table[name].fillna(False).astype(bool)
        assert truth.sum() > 20
        pd.testing.assert_series_equal(found, truth, check_names=False)
    assert table["ad_use"].isna().equals(rx["RXDDRUG"] == "")


def test_an_atc_code_among_names_is_read_as_one():
    assert classes("N06AB06") == {"ad_use"}
    assert classes("SERTRALINE|n05an01") == {"ad_use", "lithium"}
    assert classes("VITAMIN B12") == set()
