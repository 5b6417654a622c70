"""Logarithms of ratios also stand as ratios: the exponential of the same row's numbers."""

import math

import pandas as pd
import pytest

from igfmood.report.numbers import plain
from igfmood.report.ratios import beside, names_of, ratio


def row(measure, analysis="incidence", term="", values=(-0.139, -0.331, 0.052)):
    estimate, low, high = values
    return pd.Series(
        {"result_id": "0" * 12, "measure": measure, "analysis": analysis, "term": term,
         "estimate": estimate, "ci_low": low, "ci_high": high}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "analysis", "term", "short"),
    [
        ("log_hr", "incidence", "", "HR"), ("log_or", "tails", "low", "OR"),
        ("log_rr", "severity", "", "RR"), ("log_or", "treatment", "prognostic", "OR"),
        ("log_or", "treatment", "predictive", "ratio of ORs"), ("beta", "mendelian", "", "OR"),
    ],
)  # fmt: skip
def test_each_logarithm_has_the_name_of_its_ratio(measure, analysis, term, short):
    assert names_of(row(measure, analysis, term))[0] == short


@pytest.mark.parametrize("measure", ["smd", "beta", "auc", "indirect"])
def test_what_is_no_logarithm_has_no_ratio(measure):
    assert names_of(row(measure)) is None
    assert beside(row(measure)) == ()


def test_a_ratio_is_the_exponential_and_keeps_the_row():
    found = ratio(row("log_hr"))
    assert plain(found) == "0.87 (0.72 to 1.05)"
    assert plain(beside(row("log_hr"))) == "; HR 0.87, 0.72 to 1.05"
    numbers = [part for part in found if not isinstance(part, str)]
    assert [one.value for one in numbers] == pytest.approx(
        [math.exp(value) for value in (-0.139, -0.331, 0.052)]
    )
    assert {one.result_id for one in numbers} == {"0" * 12}


def test_a_limit_short_of_1_is_not_written_as_1():
    assert plain(ratio(row("log_or", values=(-0.4, -0.8, -0.001)))) == "0.670 (0.449 to 0.999)"
