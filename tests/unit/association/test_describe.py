"""Table 1: who is in a cohort, at the first visit."""

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, make_study, people
from igfmood.association.describe import add_description
from igfmood.results import Rows

STUDY = make_study()


def described(table):
    rows = Rows(POOLED)
    add_description(rows, table, STUDY)
    found = rows.table()
    assert (found["analysis"] == "table1").all()
    return found.set_index(["stratum", "term", "measure"])


def test_counts_means_and_quantiles_are_those_of_the_people():
    table = people({"control": 30, "mdd": 21})
    found = described(table)["estimate"]
    mdd = table[table["diagnosis"] == "mdd"]
    assert found["mdd", "people", "count"] == 21
    assert found["control", "people", "count"] == 30
    assert found["mdd", "age_years", "mean"] == pytest.approx(mdd["age_years"].mean())
    assert found["mdd", "age_years", "sd"] == pytest.approx(mdd["age_years"].std(ddof=1))
    assert found["mdd", "igf1_ng_ml", "median"] == pytest.approx(mdd["igf1_ng_ml"].median())
    assert found["mdd", "bmi", "p25"] == pytest.approx(mdd["bmi"].quantile(0.25))
    assert found["mdd", "female", "count"] == (mdd["sex"] == "female").sum()


def test_no_smallest_or_largest_value_of_a_person_is_among_them():
    measures = set(described(people({"control": 30})).reset_index()["measure"])
    assert measures == {"count", "missing", "mean", "sd", "p25", "median", "p75"}


def test_missing_values_are_counted_and_left_out_of_the_mean():
    table = people({"control": 20})
    table.loc[:4, "bmi"] = np.nan
    table.loc[:1, "sex"] = None
    found = described(table)
    assert found.loc[("control", "bmi", "missing"), "estimate"] == 5
    assert found.loc[("control", "bmi", "missing"), "n"] == 20
    assert found.loc[("control", "bmi", "mean"), "n"] == 15
    assert found.loc[("control", "bmi", "mean"), "estimate"] == pytest.approx(table["bmi"].mean())
    assert found.loc[("control", "female", "count"), "n"] == 18


def test_a_flag_is_counted_among_those_of_whom_it_is_known():
    use = pd.array([True] * 5 + [False] * 10 + [None] * 5, dtype="boolean")
    found = described(people({"mdd": 20}).assign(ad_use=use))
    assert found.loc[("mdd", "ad_use", "count"), ["estimate", "n"]].tolist() == [5, 15]
    assert ("mdd", "lithium", "count") not in found.index


def test_values_below_the_limit_are_counted():
    table = people({"control": 20})
    table.loc[:2, "igf1_below_lod"] = True
    assert described(table)["estimate"]["control", "igf1_below_lod", "count"] == 3


def test_later_visits_and_empty_groups_are_not_described():
    table = people({"control": 10})
    later = table.assign(visit="2", is_baseline=False)
    found = described(pd.concat([table, later], ignore_index=True))
    assert found["estimate"]["control", "people", "count"] == 10
    assert set(found.index.get_level_values("stratum")) == {"control"}


def test_one_person_has_no_mean_or_spread():
    found = described(people({"control": 10, "bipolar": 1}))
    assert ("bipolar", "people", "count") in found.index
    assert ("bipolar", "age_years", "mean") not in found.index
