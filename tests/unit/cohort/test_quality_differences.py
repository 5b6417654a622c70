"""Who was measured: standardised differences."""

import numpy as np
import pandas as pd
import pytest

from builders import SOURCE, make_study, people
from igfmood import results
from igfmood.cohort.quality.differences import (
    add_measured_against_not,
    standardised_difference,
    standardised_difference_of_categories,
)
from igfmood.errors import NotEstimable


def categories(**counts):
    return pd.Series([name for name, n in counts.items() for _ in range(n)], dtype="str")


def test_numbers_first_minus_second():
    # Variances 1 and 1.
    found = standardised_difference(np.array([1.0, 2, 3]), np.array([2.0, 3, 4]))
    assert found == pytest.approx(-1)


def test_numbers_without_variance():
    assert standardised_difference(np.ones(3), np.ones(4)) == 0
    with pytest.raises(NotEstimable, match="no end"):
        standardised_difference(np.ones(3), np.zeros(4))
    with pytest.raises(NotEstimable, match="fewer than 2 people: 1, 4"):
        standardised_difference(np.ones(1), np.zeros(4))


def test_two_categories_are_the_difference_of_shares():
    found = standardised_difference_of_categories(
        categories(no=60, yes=40), categories(no=80, yes=20)
    )
    assert found == pytest.approx(0.2 / np.sqrt((0.24 + 0.16) / 2))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (categories(a=10), categories(b=10)),
        (categories(a=5, b=5), categories(c=10)),
        (categories(a=5, b=5), categories(c=5, d=5)),
    ],
)
def test_groups_without_a_category_in_common_do_not_look_alike(first, second):
    with pytest.raises(NotEstimable, match="no category in common"):
        standardised_difference_of_categories(first, second)


def test_nearly_nothing_in_common_is_far_apart():
    found = standardised_difference_of_categories(
        categories(a=99, b=1, c=50), categories(b=100, d=50)
    )
    assert found > 3


@pytest.mark.parametrize("missing_level", ["a", "b", "c"])
def test_a_category_that_one_group_lacks_does_not_break_the_distance(missing_level):
    counts = {"a": 10, "b": 20, "c": 30}
    lacking = {name: n for name, n in counts.items() if name != missing_level}
    found = standardised_difference_of_categories(categories(**counts), categories(**lacking))
    assert np.isfinite(found)
    assert found > 0


def test_the_order_of_categories_and_groups_does_not_matter():
    first, second = categories(a=5, b=7, c=9), categories(a=9, b=2, c=4)
    found = standardised_difference_of_categories(first, second)
    names = {"a": "z", "b": "a", "c": "m"}
    assert standardised_difference_of_categories(second, first) == pytest.approx(found)
    renamed = standardised_difference_of_categories(first.map(names), second.map(names))
    assert renamed == pytest.approx(found)


def test_the_same_shares_do_not_differ():
    assert standardised_difference_of_categories(
        categories(a=5, b=10), categories(a=10, b=20)
    ) == pytest.approx(0)
    assert standardised_difference_of_categories(categories(a=5), categories(a=10)) == 0


def measured_rows(table):
    rows = results.Rows(SOURCE)
    add_measured_against_not(rows, table, make_study())
    return rows.table().set_index("term")


def half_measured():
    table = people({"control": 60, "mdd": 40})
    with_it = (table["bmi"] > table["bmi"].median()).to_numpy()
    return with_it, table.assign(igf1_value=table["igf1_value"].where(with_it))


def test_people_with_the_analyte_against_those_without():
    with_it, table = half_measured()
    ad_use = pd.array(np.where(with_it, np.arange(100) % 2 == 0, np.arange(100) % 10 == 0))
    found = measured_rows(table.assign(ad_use=ad_use.astype("boolean")))
    assert found.loc["people", ["estimate", "n", "n_events"]].tolist() == [0.5, 100, 50]
    bmi = table["bmi"].to_numpy()
    assert found.loc["bmi", "estimate"] == standardised_difference(bmi[with_it], bmi[~with_it])
    assert found.loc["bmi", "estimate"] > 1
    assert (found.loc["bmi", "n"], found.loc["bmi", "n_events"]) == (100, 50)
    assert found.loc["ad_use", "estimate"] > 0.5
    assert {"age_years", "sex", "phq9_total", "diagnosis"} <= set(found.index)


def test_flags_have_a_direction():
    with_it, table = half_measured()
    fewer = np.where(with_it, np.arange(100) % 10 == 0, np.arange(100) % 2 == 0)
    found = measured_rows(table.assign(ad_use=pd.array(fewer).astype("boolean")))
    assert found.loc["ad_use", "estimate"] < -0.5


def test_unknown_values_are_left_out_and_counted():
    with_it, table = half_measured()
    table.loc[np.flatnonzero(with_it)[:7], "sex"] = None
    found = measured_rows(table)
    assert (found.loc["sex", "n"], found.loc["sex", "n_events"]) == (93, 43)


def test_below_the_limit_is_measured():
    with_it, table = half_measured()
    found = measured_rows(table.assign(igf1_below_lod=~with_it))
    assert found.loc["people", "estimate"] == 1
    assert found.loc["bmi", "reason"] == "too few people without IGF-1: 0 < 10"


def test_a_group_that_only_one_side_has_is_not_called_equal():
    table = people({"control": 50, "mdd": 50})
    found = measured_rows(
        table.assign(igf1_value=table["igf1_value"].where(table["diagnosis"] == "mdd"))
    )
    assert found.loc["diagnosis", "status"] == "not_estimable"
    assert "no category in common" in found.loc["diagnosis", "reason"]
