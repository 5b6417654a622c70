"""The PHQ-9: items by name and values, their coding, and the total."""

import numpy as np
import pandas as pd
import pytest

from igfmood.intake.guess_phq9 import guess_phq9
from unit.intake.tables import given

RNG = np.random.default_rng(4)
ANSWERS = RNG.integers(0, 4, (60, 9))
WORDS = np.array(["Not at all", "Several days", "More than half the days", "Nearly every day"])


def table(names, answers=ANSWERS):
    return pd.DataFrame(answers, columns=names)


def recognised(frame):
    return {guess.meaning: guess for guess in guess_phq9(given(frame).profiles)}


@pytest.mark.parametrize(
    "names",
    [
        [f"phq9_{k}" for k in range(1, 10)],
        [f"PHQ{k:02d}" for k in range(1, 10)],
        [f"DPQ0{k}0" for k in range(1, 10)],
        [f"phq_{letter}" for letter in "abcdefghi"],
        [f"T1_phq9_item{k}_num" for k in range(1, 10)],
    ],
)
def test_items_are_found_in_their_order_whatever_the_order_of_the_file(names):
    frame = table(names)
    found = recognised(frame[RNG.permutation(names)])["phq9.items"]
    assert found.columns == tuple(names)
    assert found.confidence == "sure"
    assert found.questions == ()


def test_codes_beyond_3_are_missing():
    frame = table([f"DPQ0{k}0" for k in range(1, 10)]).astype(object)
    frame.iloc[:3, 2] = 7
    frame.iloc[3:5, 4] = 9
    assert recognised(frame)["phq9.items"].settings["missing"] == ["7", "9"]


def test_what_will_be_quarantined_is_said():
    total = pd.DataFrame({"phq_total": [*ANSWERS.sum(axis=1)[:59], 45]})
    (found,) = recognised(total).values()
    assert found.reasons[-1] == "1 row outside 0 to 27 will be quarantined"
    total.iloc[:2, 0] = 99
    (found,) = recognised(pd.concat([total] * 3)).values()
    assert found.settings["missing"] == ["99"]
    assert found.reasons[-1] == "3 rows outside 0 to 27 will be quarantined"
    items = table([f"phq9_{k}" for k in range(1, 10)])
    assert not any("quarantined" in text for text in recognised(items)["phq9.items"].reasons)
    items.iloc[0, 3] = 5
    assert recognised(items)["phq9.items"].reasons[-1] == (
        "1 answer outside 0 to 3 will be quarantined"
    )


def test_items_coded_1_to_4_are_asked_about():
    found = recognised(table([f"phq{k}" for k in range(1, 10)], ANSWERS + 1))["phq9.items"]
    assert found.settings["recode"] == {"1": "0", "2": "1", "3": "2", "4": "3"}
    assert found.questions[0].key == "recode"


def test_answers_in_words_and_numbers_go_before_them():
    names = [f"Item{k}" for k in range(1, 10)]
    words = table(names, WORDS[ANSWERS])
    assert recognised(words)["phq9.items"].columns == tuple(names)
    both = pd.concat([words, table([f"{name}_num" for name in names])], axis=1)
    assert recognised(both)["phq9.items"].columns[0] == "Item1_num"


def test_a_total_that_is_the_sum_makes_both_sure():
    frame = table([f"Item{k}" for k in range(1, 10)]).assign(SumScore=ANSWERS.sum(axis=1))
    found = recognised(frame)
    assert found["phq9.items"].confidence == found["phq9.total"].confidence == "sure"
    other = recognised(frame.assign(SumScore=RNG.integers(0, 28, 60)))
    assert other["phq9.items"].confidence == "likely"
    assert "phq9.total" not in other


def test_nine_nameless_columns_in_a_row_are_a_question():
    frame = table(list("qwertzuio")).assign(age=40)
    found = recognised(frame)["phq9.items"]
    assert found.confidence == "unsure"
    assert found.questions


def test_a_total_by_its_name_with_a_code_that_cannot_be_one():
    frame = pd.DataFrame({"PHQ9_Summe": [0, 4, 12, 27, 99, 99]})
    found = recognised(frame)["phq9.total"]
    assert found.settings == {"missing": ["99"]}
    assert recognised(pd.DataFrame({"PHQ9_Summe": [40, 51, 63]})) == {}


def test_nine_columns_of_something_else_are_no_phq9():
    frame = table([f"gene{k}" for k in range(1, 10)], RNG.normal(size=(60, 9)))
    assert recognised(frame) == {}
