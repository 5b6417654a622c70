"""Outcomes that the analyte is not expected to move, and what they say of all other estimates."""

import numpy as np
import pytest

from builders import POOLED, asked, make_study, people, result_table
from igfmood.config.load import parse_study
from igfmood.errors import ConfigError
from igfmood.evidence.negative_controls import add_empirical_null
from igfmood.results import Rows

STUDY = make_study(negative_controls=["height_cm", "lithium"])


def table(slope=0.0, n=400):
    found = people({"control": n}, seed=4)
    rng = np.random.default_rng(99)
    found["height_cm"] = 170 + 10 * (slope * found["igf1_sds"] + rng.standard_normal(n))
    found["lithium"] = rng.random(n) < 0.3
    return found


def test_a_slope_is_in_sds_of_the_outcome():
    found = asked(table(0.5), STUDY, "negative_control", "height_cm", "beta")
    assert found["estimate"] == pytest.approx(0.5 / np.sqrt(1.25), abs=0.1)
    none = asked(table(), STUDY, "negative_control", "height_cm", "beta")
    assert none["ci_low"] < 0 < none["ci_high"]


def test_yes_and_no_are_in_log_odds():
    found = asked(table(), STUDY, "negative_control", "lithium", "log_or")
    assert found["ci_low"] < 0 < found["ci_high"]
    assert found["n_events"] == int(table()["lithium"].sum())


def test_an_outcome_that_cannot_be_a_control_is_refused_with_what_can():
    with pytest.raises(ConfigError, match="negative_controls"):
        parse_study({**STUDY.model_dump(mode="json"), "negative_controls": ["smoking"]})


def null(*z):
    rows = Rows(POOLED)
    add_empirical_null(rows, result_table(*(
        {"analysis": "negative_control", "target": f"v{i}", "measure": "beta", "stratum": "all",
         "estimate": one * 0.1, "se": 0.1, "p": 0.01 if abs(one) > 1.96 else 0.5}
        for i, one in enumerate(z)
    )))  # fmt: skip
    return rows.table().set_index("measure")


def test_the_empirical_null_is_the_scatter_of_z():
    found = null(1.0, -1.0, 3.0)
    assert found.loc["z_rms", "estimate"] == pytest.approx(np.sqrt(11 / 3))
    assert found.loc["share_significant", "estimate"] == pytest.approx(1 / 3)


def test_few_controls_have_no_scatter():
    assert null(1.0, 2.5).loc["z_rms", "reason"] == "too few negative controls: 2 < 3"


def test_without_controls_there_is_nothing():
    rows = Rows(POOLED)
    add_empirical_null(rows, result_table())
    assert rows.table().empty
