"""A study's own published reference: what the file must hold."""

import numpy as np
import pytest

from builders import make_study
from igfmood.config.measurement import Reference
from igfmood.errors import DataError
from igfmood.normalise.published import read_published

ANALYTE = make_study().analyte
LMS = "sex,age,mu,sigma,nu\nmale,20,200,0.25,0.5\nmale,60,120,0.25,0.5\nfemale,20,210,0.3,0\n"


def write(tmp_path, text, name="reference.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_median_has_a_score_of_zero_and_ages_are_interpolated(tmp_path):
    curve = read_published(write(tmp_path, LMS), Reference(unit="ng/mL"), ANALYTE)
    zero = np.zeros(3)
    assert curve.sds([200.0, 160.0, 120.0], [20.0, 40.0, 60.0], zero) == pytest.approx(zero)


def test_the_table_may_be_in_another_unit(tmp_path):
    in_nmol = write(tmp_path, "sex,age,mu,sigma,nu\nmale,20,20,0.25,1\nmale,30,20,0.25,1\n")
    curve = read_published(in_nmol, Reference(unit="nmol/L"), ANALYTE)
    assert curve.sds([20 * 7.649], [25.0], [0.0]) == pytest.approx([0.0], abs=1e-4)


def test_of_a_table_with_items_the_analyte_s_are_taken(tmp_path):
    lines = LMS.replace("\n", ",igf1\n").replace("nu,igf1", "nu,item")
    both = lines + "male,20,4000,0.2,1,bp3\nmale,60,4000,0.2,1,bp3\n"
    curve = read_published(write(tmp_path, both), Reference(unit="ng/mL"), ANALYTE)
    assert curve.sds([200.0], [20.0], [0.0]) == pytest.approx([0.0], abs=1e-12)


def test_a_table_with_semicolons_and_decimal_commas_is_the_same(tmp_path):
    european = LMS.replace(",", ";").replace(".", ",")
    curve = read_published(
        write(tmp_path, european, "european.csv"), Reference(unit="ng/mL"), ANALYTE
    )
    point = read_published(write(tmp_path, LMS), Reference(unit="ng/mL"), ANALYTE)
    assert all((curve.rows[sex] == point.rows[sex]).all() for sex in (0, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sex,age,mu,sigma\nmale,20,1,1\n", "no column nu"),
        (LMS.replace("female", "2"), "expected male or female, found '2'"),
        (LMS.replace("0.3", "0,3"), "row 3: another number of fields than the header"),
        (
            LMS.replace("0.25", "25"),
            "row 1, column sigma: expected a number from 0 to 3 .*found 25",
        ),
        (LMS.replace(",60,", ",720,"), "row 2, column age: .*0 to 110 .ages are in years"),
        (LMS.replace("0.5", "50"), "row 1, column nu: expected a number from -10 to 10, found 50"),
        ("sex,age,mu,sigma,nu,tau\nmale,20,200,0.25,0.5,1e6\n", "column tau: .*0.3 to 20"),
        (LMS.replace("0.3", "x"), "row 3, column sigma: expected a number above 0, found 'x'"),
        (LMS.replace("\n", ",crp\n").replace("nu,crp", "nu,item"), "no rows with item"),
        ("", "is empty"),
    ],
)
def test_a_table_that_is_none_says_what_is_wrong(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_published(write(tmp_path, text), Reference(unit="ng/mL"), ANALYTE)
