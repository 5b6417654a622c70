"""Coincidences between two tables: strangers must not be taken for the same people."""

import time

import numpy as np
import pandas as pd
import pytest

from igfmood.cohort.coincidence import identical_rows, same_people_behind_keys
from igfmood.cohort.overlap import beyond_chance


def strangers(
    n, seed, *, decimals=0, age_decimals=0, band=None, heaped=0.0, ages=(18.0, 80.0), key=False
):
    """People whose values fall with age, rounded as studies round them."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(*ages, n)
    female = rng.random(n) < 0.5
    value = np.exp(5.5 - 0.012 * age - 0.05 * female + 0.25 * rng.normal(size=n))
    written = np.floor(age * 10**age_decimals) / 10**age_decimals
    written = np.where(rng.random(n) < heaped, np.rint(age / 5) * 5, written)
    if band:
        written = np.floor(age / band) * band + band / 2
    sex = np.where(female, "female", "male")
    table = pd.DataFrame({"sex": sex, "age_years": written, "value": np.round(value, decimals)})
    return table.assign(participant_id=[f"{row:016d}" for row in range(n)]) if key else table


def with_shared(first, second, k):
    """Second table, whose last k people are the first k of the first table."""
    return pd.concat([second.iloc[:-k], first.iloc[:k]], ignore_index=True)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"decimals": -1},
        {"decimals": 1, "age_decimals": 1},
        {"heaped": 0.3},
        {"band": 5},
        {"band": 10},
        {"ages": (65.0, 72.0)},
        {"ages": (5.0, 25.0), "band": 10},
    ],
    ids=str,
)
def test_two_thousand_strangers_with_rounded_values_are_no_overlap(how):
    for seed in range(2):
        found = identical_rows(strangers(2000, seed, **how), strangers(2000, 100 + seed, **how))
        assert not beyond_chance(found), found
        # The expectation is honest: not so high that nothing could ever be found.
        assert found.expected < 2 * found.observed + 5


def test_strangers_are_expected_to_coincide_as_often_as_they_do():
    pairs = [identical_rows(strangers(300, seed), strangers(300, 500 + seed)) for seed in range(25)]
    observed = np.mean([pair.observed for pair in pairs])
    expected = np.mean([pair.expected for pair in pairs])
    # 25 pairs with about 6 coincidences each: Poisson SD of the mean 0.5.
    assert expected == pytest.approx(observed, abs=1.5)


@pytest.mark.parametrize("seed", range(3))
def test_thirty_shared_among_three_hundred_are_found(seed):
    first = strangers(300, seed)
    found = identical_rows(first, with_shared(first, strangers(300, 100 + seed), 30))
    assert found.observed >= 30
    assert beyond_chance(found)


@pytest.mark.parametrize(
    ("n", "k", "how"),
    [
        (20, 20, {"decimals": 1}),
        (100, 20, {"band": 5, "decimals": 1}),
        (2000, 2000, {}),
        (5000, 5000, {"band": 10, "decimals": 3}),
        (20_000, 20_000, {}),
    ],
)
def test_shared_people_are_found_in_small_banded_and_crowded_tables(n, k, how):
    first = strangers(n, 1, **how)
    assert beyond_chance(identical_rows(first, with_shared(first, strangers(n, 2, **how), k)))


def test_the_same_people_are_found_with_age_in_completed_years_in_one_table():
    first = strangers(200, 1, age_decimals=2)
    second = first.assign(age_years=np.floor(first["age_years"]))
    assert identical_rows(first, second).observed == 200


def test_the_same_value_after_a_conversion_of_units_is_the_same():
    first = strangers(100, 1, decimals=1)
    second = first.assign(value=first["value"] / 7.649 * 7.649 * (1 + 1e-12))
    assert identical_rows(first, second).observed == 100


def test_a_crowd_at_one_value_is_paired_one_to_one():
    crowd = pd.DataFrame({"sex": "male", "age_years": [40.0] * 50 + [41.0] * 50, "value": 100.0})
    found = identical_rows(crowd, crowd.iloc[::2])
    assert (found.observed, found.n) == (50, 50)
    assert not beyond_chance(found)


def test_everybody_of_one_age_cannot_be_told_apart():
    table = strangers(100, 1, ages=(40.0, 40.5))
    assert not beyond_chance(identical_rows(table, table))


def test_few_people_of_other_ages_do_not_speak_for_a_crowd_of_one_age():
    tables = []
    for seed in (1, 2):
        table = strangers(2000, seed, ages=(40.0, 50.0), decimals=1)
        tables.append(table.assign(age_years=np.maximum(table["age_years"] - 8, 40.0)))
    found = identical_rows(*tables)
    assert found.expected >= found.observed > 100


def test_two_hundred_thousand_are_compared_in_seconds():
    first, second = strangers(200_000, 1), strangers(200_000, 2)
    start = time.process_time()
    found = identical_rows(first, second)
    # 0.5 s; comparing all with all would take minutes.
    assert time.process_time() - start < 10
    assert not beyond_chance(found)


@pytest.mark.parametrize("order", [[], ["sex"], ["age_years"], ["sex", "age_years"]], ids=str)
@pytest.mark.parametrize("sizes", [(2000, 2000), (2000, 3000)])
def test_numbers_from_one_on_are_no_shared_people_however_tables_are_sorted(order, sizes):
    first, second = (strangers(n, seed) for seed, n in enumerate(sizes))
    if order:
        first, second = (table.sort_values(order) for table in (first, second))
    numbered = [
        table.reset_index(drop=True).assign(participant_id=lambda frame: frame.index.astype(str))
        for table in (first, second)
    ]
    found = same_people_behind_keys(*numbered)
    assert found.n == 2000
    assert not beyond_chance(found)


@pytest.mark.parametrize("later", [0.0, 0.9, -0.9])
def test_shared_keys_of_the_same_people_are_found_within_a_year_of_age(later):
    first = strangers(500, 1, key=True)
    second = first.sample(40, random_state=1).assign(
        age_years=lambda frame: frame["age_years"] + later
    )
    found = same_people_behind_keys(first, second)
    assert (found.observed, found.n) == (40, 40)
    assert beyond_chance(found)


def test_shared_keys_of_the_other_sex_do_not_agree():
    first = strangers(500, 1, key=True)
    second = first.assign(sex=first["sex"].map({"female": "male", "male": "female"}))
    assert same_people_behind_keys(first, second).observed == 0


def test_people_of_unknown_sex_or_age_say_nothing():
    first = strangers(50, 1, key=True)
    second = first.assign(age_years=np.nan)
    found = same_people_behind_keys(first, second)
    assert (found.observed, found.n, found.p) == (0, 0, 1.0)


@pytest.mark.parametrize(("years", "spread"), [(2.0, 0.3), (-6.0, 0.5), (11.0, 1.5)])
def test_people_who_come_again_years_later_are_the_same_people(years, spread):
    first = strangers(400, 1, age_decimals=1, key=True)
    later = years + spread * np.random.default_rng(2).normal(size=400)
    second = first.assign(age_years=first["age_years"] + later)
    assert beyond_chance(same_people_behind_keys(first, second))


@pytest.mark.parametrize("seed", range(5))
def test_strangers_of_another_age_with_the_same_numbers_stay_strangers(seed):
    young = strangers(500, seed, ages=(20.0, 40.0), key=True).sort_values("age_years")
    old = strangers(500, 50 + seed, ages=(55.0, 80.0), key=True).sort_values("age_years")
    for table in (young, old):
        table["participant_id"] = [str(number) for number in range(1, 501)]
    assert not beyond_chance(same_people_behind_keys(young, old))
