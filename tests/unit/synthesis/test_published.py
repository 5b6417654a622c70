"""The layer of published studies: reading, effects, who may be pooled with whom, synthesis."""

import csv
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from igfmood.association.effect_sizes import hedges_g
from igfmood.errors import ConfigError, DataError, NotEstimable
from igfmood.synthesis.published.choose import POOLED_MATRICES, TARGETS, choose
from igfmood.synthesis.published.effects import effects
from igfmood.synthesis.published.pool import pool_published, pool_with_cohorts
from igfmood.synthesis.published.read import COLUMNS, NEEDED, read_published
from igfmood.synthesis.published.studies import Checked, Flag, Matrix
from igfmood.synthesis.random_effects import random_effects

COMMITTED = Path(__file__).resolve().parents[3] / "config" / "published_evidence.csv"
#: A whole row, which the rows of the tests are laid over.
ROW = {
    "study": "Doe 2001", "year": 2001, "doi": "10.1000/x", "target": "depression",
    "cases": "major depression", "matrix": "serum", "unit": "ng/mL", "overlap_group": "doe",
    "given": "mean_sd", "direction": "higher", "n_case": 30, "n_control": 40, "mean_case": 180,
    "sd_case": 50, "mean_control": 150, "sd_control": 45, "checked": "full_text",
}  # fmt: skip
NO_MEANS = dict.fromkeys(("mean_case", "sd_case", "mean_control", "sd_control"), "")
MEDIANS = {
    **NO_MEANS, "median_case": 228, "low_case": 183, "high_case": 312, "median_control": 153,
    "low_control": 129, "high_control": 186,
}  # fmt: skip
RANGES = {"low_case": 90, "high_case": 490, "low_control": 60, "high_control": 290}


@pytest.fixture
def table(tmp_path):
    """Return a function that writes rows, each laid over `ROW`, and gives the path."""

    def write(*rows):
        path = tmp_path / "published.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            for number, row in enumerate(rows):
                label = {} if number == 0 else {"study": f"Doe {number}", "overlap_group": number}
                writer.writerow({**ROW, **label, **row})
        return path

    return write


@pytest.fixture
def read(table):
    return lambda *rows: read_published(table(*rows))


def chosen(studies, **keys):
    return {c.effect.study.study: c for c in choose(effects(studies), **keys)}


# ---- reading ------------------------------------------------------------------------------------


def test_a_row_is_read_as_it_stands(read):
    (study,) = read({"flags": "skewed; treated", "ci_low": "", "note": "with, a comma"})
    assert (study.study, study.year, study.n_case, study.n_control) == ("Doe 2001", 2001, 30, 40)
    assert (study.mean_case, study.sd_control, study.value) == (180.0, 45.0, None)
    assert study.flags == ("skewed", "treated")
    assert study.note == "with, a comma"
    assert study.n == 70


def test_columns_may_stand_in_any_order_and_blank_lines_do_not_matter(tmp_path):
    path, names = tmp_path / "published.csv", sorted(COLUMNS, reverse=True)
    cells = ",".join(str(ROW.get(name, "")) for name in names)
    text = f"\ufeff{','.join(names)}\n\n{cells}\n{',' * (len(names) - 1)}\n"
    path.write_text(text, encoding="utf-8")
    assert [study.study for study in read_published(path)] == ["Doe 2001"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"study": ""}, ["column 'study'", "fill it in"]),
        ({"year": "in press"}, ["column 'year'", "'in press'", "a year"]),
        ({"doi": ""}, ["column 'doi'", "pmid or url"]),
        ({"target": "major depression"}, ["column 'target'", "'major depression'", "one word"]),
        ({"matrix": "saliva"}, ["column 'matrix'", "'saliva'", "culture_supernatant"]),
        ({"overlap_group": ""}, ["column 'overlap_group'"]),
        ({"given": "means"}, ["column 'given'", "'means'", "mean_sd"]),
        ({"direction": "up"}, ["column 'direction'", "'up'", "higher"]),
        ({"checked": "yes"}, ["column 'checked'", "'yes'", "abstract"]),
        ({"flags": "good"}, ["column 'flags'", "'good'", "mixed_diagnosis"]),
        ({"n_case": "30.5"}, ["column 'n_case'", "'30.5'", "whole number"]),
        ({"n_case": "1"}, ["column 'n_case'", "'1'", "2 or more"]),
        ({"n_case": "nan"}, ["column 'n_case'", "'nan'"]),
        ({"sd_case": "0"}, ["column 'sd_case'", "'0'", "above 0"]),
        ({"sd_case": "inf"}, ["column 'sd_case'", "'inf'"]),
        ({"mean_case": "180,5"}, ["column 'mean_case'", "'180,5'", "decimal point"]),
        ({"mean_case": ""}, ["column 'mean_case'", "given is 'mean_sd'", "'reason'"]),
        ({"direction": "lower"}, ["column 'direction'", "'lower'", "+0.63 SD", "exchanged"]),
        ({"given": "none"}, ["column 'reason'", "why no effect"]),
        ({"given": "p", "value": "<0.05"}, ["column 'value'", "'<0.05'", "bound"]),
        ({"given": "p", "value": "0"}, ["column 'value'", "'0'", "above 0"]),
        ({"given": "p", "value": "0.1", "direction": ""}, ["column 'direction'", "no sign"]),
        ({"given": "auc", "value": "76.6"}, ["column 'value'", "'76.6'", "between 0 and 1"]),
        ({"given": "auc", "value": "0.4"}, ["column 'direction'", "AUC turned round"]),
        ({"given": "auc", "value": "0.7", "ci_low": "0.6"}, ["columns n_case", "enclose"]),
        ({"given": "d"}, ["column 'value'", "a number"]),
        ({"given": "odds_ratio", "value": "-1"}, ["column 'value'", "above 0"]),
        ({"given": "odds_ratio", "value": "2"}, ["column 'se'", "ci_low and ci_high"]),
        (
            {"given": "odds_ratio", "value": "2", "ci_low": "0", "ci_high": "4"},
            ["columns value", "above 0"],
        ),
        (
            {"given": "adjusted", "value": "2.7", "ci_low": "1.38", "ci_high": "5.28"},
            ["columns value", "(1.38, 5.28)", "another scale"],
        ),
        (
            {"given": "adjusted", "value": "0.9", "ci_low": "0.1", "ci_high": "0.5"},
            ["column 'ci_high'", "'0.5'", "0.9 of 'value'"],
        ),
        (
            {**MEDIANS, "given": "median_quartiles", "high_case": "200"},
            ["column 'high_case'", "'200'", "228 of 'median_case'"],
        ),
        (
            {**MEDIANS, "given": "median_range", "n_case": "2"},
            ["columns n_case", "n = 2"],
        ),
    ],
)
def test_bad_cells(table, change, words):
    path = table({}, change)
    with pytest.raises(DataError) as error:
        read_published(path)
    for word in (str(path), "line 3", *words):
        assert word in str(error.value)


def test_bad_files(tmp_path, table):
    with pytest.raises(DataError, match="is not there"):
        read_published(tmp_path / "none.csv")
    path = tmp_path / "bad.csv"
    for text, words in (
        (";".join(COLUMNS), "parted by commas"),
        (",".join(COLUMNS[1:]), "has no column 'study'"),
        (",".join((*COLUMNS, "colour")), "unknown column 'colour'"),
        (",".join((*COLUMNS, "note")), "twice the column 'note'"),
        ("", "has no column"),
        (table({}).read_text("utf-8") + "Roe 2002,2002", r"line 3 \(Roe 2002\) has 2 cells"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=words):
            read_published(path)
    path.write_bytes(b"study,\xff\xfe")
    with pytest.raises(DataError, match="UTF-8"):
        read_published(path)


def test_two_rows_of_one_label(read):
    with pytest.raises(DataError, match=r"'Doe 2001' stands in two rows"):
        read({}, {"study": "Doe 2001"})


# ---- effects ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "estimate", "method"),
    [
        ({}, 0.63, "means and SDs"),
        ({**MEDIANS, "given": "median_quartiles"}, 1.15, "Luo 2018"),
        ({**MEDIANS, **RANGES, "given": "median_range"}, 1.11, "Luo 2018"),
        ({"given": "d", "value": 0.5}, 0.49, "Cohen's d"),
        ({"given": "t", "value": 2}, 0.48, "from t"),
        ({"given": "p", "value": 0.05}, 0.48, "from p"),
        ({"given": "auc", "value": 0.7}, 0.74, "Hanley and McNeil"),
        ({"given": "auc", "value": 0.7, "se": 0.06}, 0.74, "reported standard error"),
        ({"given": "odds_ratio", "value": 2, "ci_low": 1, "ci_high": 4}, 0.38, "odds ratio"),
        ({"given": "odds_ratio", "value": 2, "se": 0.35}, 0.38, "odds ratio"),
        ({"given": "adjusted", "value": 0.3, "se": 0.1}, 0.30, "adjusted"),
        ({"given": "adjusted", "value": 0.3, "ci_low": 0.1, "ci_high": 0.5}, 0.30, "adjusted"),
    ],
)
def test_every_way_of_reporting_has_an_effect(read, row, estimate, method):
    (effect,) = effects(read(row))
    assert effect.reason == ""
    assert effect.smd.estimate == pytest.approx(estimate, abs=0.005)
    assert method in effect.smd.method
    assert 0 < effect.smd.variance < 0.2


def test_every_way_of_reporting_is_tried_above():
    marks = test_every_way_of_reporting_has_an_effect.pytestmark[0].args[1]
    assert {row.get("given", "mean_sd") for row, *_ in marks} == set(NEEDED) - {"none"}


def test_means_go_through_hedges_g(read):
    (effect,) = effects(read({}))
    expected = hedges_g(180, 50, 30, 150, 45, 40)
    assert (effect.smd.estimate, effect.smd.se) == (expected.g, pytest.approx(expected.se))


def test_medians_by_three_estimators(read):
    studies = read({**MEDIANS, "given": "median_quartiles"})
    found = {name: effects(studies, name)[0].smd for name in ("luo", "wan", "mcgrath")}
    assert len({smd.estimate for smd in found.values()}) == 3
    assert np.ptp([smd.estimate for smd in found.values()]) < 0.1
    assert "McGrath 2020, log-normal" in found["mcgrath"].method


def test_a_study_without_an_effect_stays_with_its_reason(read):
    numbers = {"given": "auc", "value": 0.7, "n_control": "", "reason": "size of controls unknown"}
    studies = read({"given": "none", "reason": "only p < 0.05"}, numbers,
                   {"given": "auc", "value": 1})  # fmt: skip
    found = effects(studies)
    assert [effect.smd for effect in found] == [None, None, None]
    assert [effect.reason for effect in found[:2]] == ["only p < 0.05", "size of controls unknown"]
    assert "do not overlap" in found[2].reason
    assert not any(choice.enters for choice in choose(found))


# ---- choice -------------------------------------------------------------------------------------


def test_of_an_overlap_group_the_largest_enters(read):
    shared = {"overlap_group": "centre"}
    found = chosen(read(shared, {**shared, "n_control": 41}, {**shared, "n_control": 20}, {}))
    assert {name for name, choice in found.items() if choice.enters} == {"Doe 1", "Doe 3"}
    for name in ("Doe 2001", "Doe 2"):
        assert "may share participants with Doe 1, which enters with n = 71" in found[name].reason


def test_of_equal_sizes_the_latest_enters(read):
    shared = {"overlap_group": "centre"}
    found = chosen(read(shared, {**shared, "year": 2003}, {**shared, "year": 2003}))
    assert [choice.enters for choice in found.values()] == [False, True, False]


def test_an_overlap_group_has_a_place_in_each_target(read):
    # Depression and bipolar disorder against the same controls are never pooled with each other.
    shared = {"overlap_group": "centre"}
    found = chosen(read(shared, {**shared, "target": "bipolar"}))
    assert all(choice.enters for choice in found.values())


def test_a_study_without_effect_does_not_keep_its_group_out(read):
    shared = {"overlap_group": "centre"}
    found = chosen(read({**shared, "n_case": 900, "given": "none", "reason": "no SD"}, shared))
    assert [choice.enters for choice in found.values()] == [False, True]
    assert found["Doe 2001"].reason == "no SD"


@pytest.mark.parametrize("matrix", ["culture_supernatant", "csf", "mrna"])
def test_only_serum_and_plasma_are_pooled(read, matrix):
    shared = {"overlap_group": "centre"}
    found = chosen(read({**shared, "matrix": matrix, "n_case": 900}, shared))
    assert [choice.enters for choice in found.values()] == [False, True]
    assert f"measured in {matrix.replace('_', ' ')}, which is never pooled" in (
        found["Doe 2001"].reason
    )
    assert matrix not in POOLED_MATRICES


def test_other_diagnoses_stay_apart(read):
    studies = read({"target": "psychosis"})
    assert "not one of the diagnoses" in chosen(studies)["Doe 2001"].reason
    assert chosen(studies, targets=["psychosis"])["Doe 2001"].enters


def test_a_cohort_that_was_published_counts_once(read):
    found = chosen(read({}, {}), same_people={"doe": "clinic"})
    assert "the people of cohort clinic, whose own data enter" in found["Doe 2001"].reason
    assert found["Doe 1"].enters
    with pytest.raises(ConfigError, match=r"'nesda': there are 1, doe"):
        chosen(read({}, {}), same_people={"nesda": "clinic"})


# ---- synthesis ----------------------------------------------------------------------------------


def test_published_studies_are_pooled_as_any_others(read):
    choices = choose(effects(read({}, {"mean_case": 150, "direction": "none"}, {"matrix": "csf"})))
    found = pool_published(choices, "depression", level=0.9)
    assert found.labels == ("Doe 2001", "Doe 1")
    assert found.layers == ("published", "published")
    expected = random_effects(found.yi, found.vi, 0.9)
    assert (found.fit.mu, found.fit.pi_low) == (expected.mu, expected.pi_low)
    assert (found.fit.estimator, found.fit.level) == ("REML", 0.9)


def test_cohorts_stand_behind_the_published_studies(read):
    choices = choose(effects(read({}, {"target": "bipolar"})))
    found = pool_with_cohorts(choices, "depression", ["a", "b"], [0.1, -0.2], [0.1, 0.2])
    assert found.labels == ("Doe 2001", "a", "b")
    assert found.layers == ("published", "cohort", "cohort")
    assert found.yi[1:].tolist() == [0.1, -0.2]
    assert found.vi[1:] == pytest.approx([0.01, 0.04], rel=1e-12)
    without = dict(found.without_each())
    assert without["a"].mu == random_effects(found.yi[[0, 2]], found.vi[[0, 2]]).mu


def test_too_few_to_pool(read):
    choices = choose(effects(read({})))
    with pytest.raises(NotEstimable, match="only one study of depression: Doe 2001"):
        pool_published(choices, "depression")
    with pytest.raises(NotEstimable, match="no study of bipolar"):
        pool_published(choices, "bipolar")
    with pytest.raises(ValueError, match="1 cohorts"):
        pool_with_cohorts(choices, "depression", ["a"], [0.1, 0.2], [0.1, 0.2])


# ---- the committed table ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def committed():
    return choose(effects(read_published(COMMITTED)))


def test_nobody_counts_twice(committed):
    for target in TARGETS:
        entering = [
            c.effect.study for c in committed if c.enters and c.effect.study.target == target
        ]
        groups = [study.overlap_group for study in entering]
        assert len(groups) == len(set(groups)) >= 2
        assert {study.matrix for study in entering} <= {"serum", "plasma", "blood"}


def test_what_is_left_out_says_why(committed):
    assert all(bool(choice.reason) != choice.enters for choice in committed)
    reasons = {choice.effect.study.study: choice.reason for choice in committed}
    assert "never pooled with serum" in reasons["Kim 2013"]
    assert "may share participants with Levada 2020" in reasons["Troyan & Levada 2020"]
    assert sum("Bot 2016 (NESDA, current" in reason for reason in reasons.values()) == 2


def test_flags_agree_with_what_is_given(committed):
    for choice in committed:
        study = choice.effect.study
        if study.adjusted_for:
            assert "adjusted" in study.flags
        if study.given == "p" and "adjusted" in study.flags:
            assert "approximate" in study.flags


def test_the_documented_differences_are_those_of_the_table(committed):
    document = COMMITTED.parents[1] / "docs" / "published.md"
    text = document.read_text(encoding="utf-8").replace("−", "-")
    for target in TARGETS:
        fit = pool_published(committed, target).fit
        normal = fit.normal()
        row = (
            f"| {target} | {fit.k} | {fit.mu:.2f}, higher in cases | "
            f"{fit.ci_low:.2f} to {fit.ci_high:.2f} | "
            f"{normal.ci_low:.2f} to {normal.ci_high:.2f} | "
            f"{fit.pi_low:.2f} to {fit.pi_high:.2f} |"
        )
        assert row in text


def test_the_document_names_every_word_of_the_table():
    document = COMMITTED.parents[1] / "docs" / "published.md"
    words = set(re.findall(r"`(\w+)`", document.read_text(encoding="utf-8")))
    known = {*NEEDED, *get_args(Matrix), *get_args(Flag), *get_args(Checked)}
    assert known <= words
    long_series = {name for name in COLUMNS if re.match(r"(mean|sd|median|low|high)_", name)}
    assert set(COLUMNS) - long_series <= words
