"""Numbers at a threshold that would give back a small cell are nowhere."""

from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from igfmood.report import prediction, use_tables
from igfmood.report.counts import Counts
from igfmood.report.figures import curves, decision
from igfmood.report.numbers import plain
from igfmood.report.prediction_page import CAPTIONS
from unit.report.predicted import NEW, OLD, THRESHOLDS, predict, task_of, texts


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def with_cell(findings, n, tier=NEW, term="at 0.2", cohort="clinic"):
    """Return the findings with another smallest cell; None takes the row away."""
    table = findings.table.copy()
    mine = (
        (table["measure"] == "smallest_cell") & (table["adjustment"] == tier)
        & (table["term"] == term) & (table["cohort"] == cohort)
    )  # fmt: skip
    assert mine.any()
    table.loc[mine, "estimate"] = n
    return replace(findings, table=table if n is not None else table[~mine])


def clinic(findings):
    """Return what the tables show of the first cohort, by threshold, and its title."""
    task, title = task_of(findings), findings.titles()["clinic"]
    added = texts(use_tables.net_benefit_table(findings, task))
    avoided = texts(use_tables.avoided_table(findings, task))
    return (
        dict(zip(added["Threshold"], added[title], strict=True)),
        dict(zip(avoided["Threshold"], avoided[title], strict=True)),
        dict(zip(added["Threshold"], added["Pooled"], strict=True)),
    )


@pytest.mark.parametrize("n", [1, 9, None])
def test_a_small_cell_hides_what_is_added_and_avoided_of_its_cohort_alone(findings, n):
    full = predict(findings)
    added, avoided, pooled = clinic(with_cell(full, n))
    assert added["0.2"] == avoided["0.2"] == "<10"
    assert added["0.1"] == "0.020 (−0.010 to 0.050)"
    assert avoided["0.1"].startswith("0.10")
    assert pooled == clinic(full)[2], "a synthesis gives back no cell"
    assert "<10" not in pooled.values()


@pytest.mark.parametrize("n", [0, 10])
def test_no_people_or_enough_people_hide_nothing(findings, n):
    full = predict(findings)
    assert clinic(with_cell(full, n)) == clinic(full)


def test_the_smaller_model_hides_the_difference_but_not_what_the_larger_avoids(findings):
    added, avoided, _ = clinic(with_cell(predict(findings), 4, OLD))
    assert added["0.2"] == "<10"
    assert avoided["0.2"] != "<10"


def test_a_hidden_number_is_sorted_by_nothing_and_in_no_sentence_nor_alt_text(findings):
    one = predict(findings, ["clinic"], settings=["cross_validation"])
    few = with_cell(one, 3)
    task = task_of(one)
    for changed, told in ((one, True), (few, False)):
        assert ("0.2: 0.040" in decision.alt(changed, task)) == told
        last = plain(prediction.sentences(changed, Counts(changed), task)[-1])
        assert ("0.2" in last) == told
        assert "0.3" in last
    hidden = [
        cell for row in use_tables.net_benefit_table(few, task).rows for cell in row
        if plain(cell.text) == "<10"
    ]  # fmt: skip
    assert [cell.sort for cell in hidden] == [""]


def test_where_the_rest_shows_nothing_the_sentence_speaks_of_the_rest(findings):
    one = predict(findings, ["clinic"], settings=["cross_validation"])
    for term in ("at 0.2", "at 0.3"):
        one = with_cell(one, 3, term=term)
    last = plain(prediction.sentences(one, Counts(one), task_of(one))[-1])
    assert last.startswith("At none of the thresholds at which it may be shown")


def test_a_task_of_time_has_no_such_cells(findings):
    full = predict(findings)
    shown = texts(use_tables.net_benefit_table(full, task_of(full, "incident_depression")))
    assert set(shown[full.titles()["clinic"]]) == {"0.020"}


def test_shares_of_who_was_not_drawn_are_shown_where_those_of_the_cut_are(findings):
    full, few = predict(findings), "<10"
    table = full.table.copy()
    missed = (
        (table["measure"] == "sensitivity") & (table["term"] == "youden")
        & (table["cohort"] == "clinic")
    )  # fmt: skip
    assert missed.any()
    table.loc[missed, "estimate"] = 54 / 55  # one case in a cell
    for changed, told in ((full, "0.77"), (replace(full, table=table), few)):
        shown = texts(use_tables.bags_table(changed, task_of(changed)))
        place = shown["Cohort"].index(full.titles()["clinic"])
        assert shown["Sensitivity, out of bag"][place] == told
        assert shown["Specificity, out of bag"][place] == "0.66"
        assert shown["Cut, median (interval)"][place].startswith("0.29 (")


def drawn(axes):
    """Return the points of the larger model in a panel."""
    (line,) = [one for one in axes.lines if one.get_linestyle() == "-" and len(one.get_xdata()) > 2]
    return dict(zip(np.round(line.get_xdata(), 2), line.get_ydata(), strict=True))


@pytest.mark.parametrize("n", [1, 9, None])
def test_a_decision_curve_has_a_gap_where_the_tables_show_nothing(findings, n):
    few = with_cell(predict(findings), n)
    task = task_of(few)
    axes = decision.draw(few, task).axes[1]
    points = drawn(axes)
    assert np.isnan(points[0.2])
    assert not np.isnan([points[at] for at in (0.05, 0.1, 0.3)]).any()
    (band,) = axes.collections
    assert not [x for path in band.get_paths() for x in path.vertices[:, 0] if 0.1 < x < 0.3]
    assert np.isfinite(axes.get_ylim()).all()
    said = "Nothing is drawn where a cell of a cohort's two by two table holds fewer than 10 people"
    assert said in decision.alt(few, task)
    assert said not in decision.alt(predict(findings), task)
    assert "gap" in CAPTIONS["decision"]


def test_where_nothing_may_be_shown_the_panel_stays_with_acting_on_everybody(findings):
    few = predict(findings)
    for tier in (NEW, OLD):
        for threshold in THRESHOLDS:
            few = with_cell(few, 3, tier, f"at {threshold:g}")
    points = drawn(decision.draw(few, task_of(few)).axes[1])
    assert np.isnan(list(points.values())).all()


def test_the_pooled_decision_curve_has_no_gap(findings):
    few = with_cell(predict(findings), 3)
    pooled = decision.draw(few, task_of(few)).axes[0]
    assert pooled.get_title() == "Pooled"
    assert not any(np.isnan(line.get_ydata()).any() for line in pooled.lines)


def test_a_roc_curve_has_a_gap_where_few_are_missed_or_are_false_alarms(findings):
    full = predict(findings)  # 55 cases, 105 controls; the sensitivity is the root of the rate
    task = task_of(full)
    points = drawn(curves.draw_roc(full, task).axes[0])
    hidden = [rate for rate, value in points.items() if np.isnan(value)]
    # At 0.05 there are five false alarms; above 0.65 fewer than ten cases are missed.
    assert hidden == [0.05, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert "fewer than 10 people" in curves.alt_roc(full, task)
    assert "gap" in CAPTIONS["roc"]
    many = full.table.copy()
    many.loc[many["analysis"] == "roc_curve", ["n", "n_events"]] = 16_000, 5_500
    whole = replace(full, table=many)
    points = drawn(curves.draw_roc(whole, task).axes[0])
    assert not np.isnan(list(points.values())).any()
    assert "fewer than 10 people" not in curves.alt_roc(whole, task)


def test_a_corner_that_a_gap_cuts_off_is_no_stray_dash(findings):
    curve = {0.0: 0.0, 0.5: 0.6, 0.8: 0.98, 0.95: 1.0, 1.0: 1.0}
    points = pd.DataFrame(
        [{"cohort": "clinic", "adjustment": tier, "term": f"{x:.2f}", "estimate": y, "n": 300,
          "n_events": 100} for tier in (OLD, NEW) for x, y in curve.items()]
    )  # fmt: skip
    shown = curves._without_few(findings, points).groupby("adjustment")["estimate"]
    assert all(one.isna().tolist() == [False, False, True, True, True] for _, one in shown)
    # Without a gap the curve goes through both corners.
    whole = curves._without_few(findings, points[points["term"] != "0.80"])
    assert whole["estimate"].notna().all()
