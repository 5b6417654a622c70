"""Of a specification curve one cohort's estimates are told apart from pooled ones, and counted."""

from dataclasses import replace

import numpy as np
import pytest

from igfmood import results
from igfmood.report.figures import specification
from igfmood.results import Rows, Source

FORK = {"analysis": "specification", "target": "depression", "measure": "smd",
        "exposure": "igf1_sds", "adjustment": "adjusted", "term": "contrast"}  # fmt: skip
#: Combination of forks: the cohorts that have an estimate.
FORKS = {"all|sds|imputed": ("clinic", "register"), "women|sds|imputed": ("clinic", "register"),
         "men|sds|imputed": ("clinic",)}  # fmt: skip


def studied(findings, forks=FORKS):
    """The small study with forks, some of which one cohort alone has an estimate for."""
    rows = {name: Rows(Source("small", name, 7, "c0de", "da7a"))
            for name in ("clinic", "register", results.POOLED)}  # fmt: skip
    for place, (stratum, cohorts) in enumerate(forks.items()):
        for name in (*cohorts, results.POOLED):
            rows[name].add(**FORK, stratum=stratum, estimate=-0.5 + place / 10, ci_low=-0.9,
                           ci_high=0.1)  # fmt: skip
        others = {"clinic", "register"} - set(cohorts)
        for name in others:
            rows[name].add_not_estimable("too few people: 3 < 20", **FORK, stratum=stratum)
    tables = [one.table() for one in rows.values()]
    return replace(findings, table=results.concatenate([findings.table, *tables]))


@pytest.fixture
def lower(findings):
    return findings.claims["lower"]


def test_open_marks_are_the_combinations_that_the_count_of_verdicts_leaves_out(findings, lower):
    found = studied(findings)
    curve = specification.specifications(found, lower)
    few = specification.rests_on_few(curve, lower)
    assert curve.loc[few, "stratum"].tolist() == ["men|sds|imputed"]
    caption = specification.caption(found, lower)
    assert "the pooled estimate under every combination" in caption
    assert "Open: 1 of the 3 combinations, one cohort only: nothing is pooled there" in caption
    assert caption.endswith("not counted where combinations with the same verdict are counted.")
    assert "3 combinations of forks (1 open: one cohort only)" in specification.alt(found, lower)


def test_a_claim_that_is_content_with_one_cohort_counts_them_all(findings, lower):
    content = lower.model_copy(update={"min_cohorts": 1})
    caption = specification.caption(studied(findings), content)
    assert caption.endswith("one cohort only: nothing is pooled there.")


def test_where_one_cohort_alone_has_estimates_nothing_is_called_pooled(findings, lower):
    content = lower.model_copy(update={"min_cohorts": 1})
    found = studied(findings, {"all|sds|imputed": ("clinic",), "men|sds|imputed": ("clinic",)})
    caption = specification.caption(found, content)
    assert "pooled" not in caption
    assert "Open" not in caption
    assert "the estimate of the one cohort that has any" in caption
    assert not specification.draw(found, content).legends


def test_a_claim_that_asks_for_three_cohorts_says_so(findings, lower):
    caption = specification.caption(studied(findings), lower.model_copy(update={"min_cohorts": 3}))
    assert "Open: 3 of the 3 combinations, fewer than 3 cohorts: too few for this claim" in caption


def test_the_figure_draws_them_open_with_a_legend(findings, lower):
    figure = specification.draw(studied(findings), lower)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["one cohort only"]
    drawn = [
        (line.get_markerfacecolor(), np.asarray(line.get_xdata()).tolist())
        for line in figure.axes[0].get_lines()
        if line.get_marker() == "o" and len(line.get_xdata())
    ]
    assert [x for colour, x in drawn if colour == specification.PAPER] == [[2]]


def test_a_cohort_that_is_left_out_of_pooling_stands_behind_no_estimate(findings, lower):
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    rows.add(analysis="overlap", measure="overlap", estimate=1,
             method="left out of pooling: register (its people are those of clinic)")  # fmt: skip
    found = studied(findings)
    found = replace(found, table=results.concatenate([found.table, rows.table()]))
    assert set(specification.specifications(found, lower)["cohorts"]) == {1}
