"""The table of published syntheses: both intervals side by side, people as they may be shown."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.report import relation_tables
from igfmood.report.counts import Counts
from igfmood.report.figures import published
from igfmood.report.numbers import plain
from igfmood.results import Rows, Source

LAYERS = {"published": 1234, "own cohorts": 320, "both": 1554}
KEYS = {"analysis": "published", "target": "depression", "model": "synthesis", "measure": "smd"}


def with_syntheses(findings, upper=0.4):
    rows = Rows(Source(findings.study.study, results.POOLED, 1, "c0de", "da7a"))
    for layer, n in LAYERS.items():
        keys = {**KEYS, "stratum": layer}
        rows.add(**keys, estimate=0.25, se=0.1, ci_low=-0.18, ci_high=0.68, p=0.13, df=2, n=n)
        rows.add(**keys, term="normal_interval", estimate=0.25, se=0.09, ci_low=0.07, ci_high=0.43,
                 p=0.006, n=n)  # fmt: skip
        rows.add(**keys, term="prediction_interval", estimate=0.25, ci_low=-0.5, ci_high=1.0, n=n)
        for measure, more in (
            ("k", {"estimate": 3}), ("i2", {"estimate": 41.2}),
            ("tau2", {"estimate": 0.0213, "ci_low": 0.0, "ci_high": upper}),
            ("q", {"estimate": 3.4, "df": 2, "p": 0.18}),
        ):  # fmt: skip
            rows.add(**{**keys, "measure": measure, "term": "smd"}, **more)
    return replace(findings, table=results.concatenate([findings.table, rows.table()]))


def lines(findings):
    table = relation_tables.syntheses_table(findings, "depression", Counts(findings))
    return [[plain(cell.text) for cell in row] for row in table.rows]


def test_both_intervals_and_all_of_the_heterogeneity_stand_in_one_line(findings):
    published = lines(with_syntheses(findings))[0]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in published] == [
        "Published studies", "3", "1,234", "0.25 (−0.18 to 0.68)", "0.13", "0.07 to 0.43", "0.006",
        "−0.50 to 1.00", "0.021 (0.000 to 0.400)", "41 %", "3.40; 2; 0.18",
    ]  # fmt: skip
    assert "(0.000 to no upper limit)" in lines(with_syntheses(findings, None))[0][8]


def test_people_of_the_cohorts_are_protected_and_do_not_come_back_from_a_sum(findings):
    published, own, both = lines(with_syntheses(findings))
    pooled = findings.ok("contrast", "depression", "smd", adjustment="adjusted")
    assert own[2] == Counts(findings).people(pooled).text
    assert (published[2], both[2]) == ("1,234", "–")


@pytest.mark.parametrize("layer", ["published", "both"])
def test_what_could_not_be_pooled_says_why(findings, layer):
    rows = Rows(Source(findings.study.study, results.POOLED, 1, "c0de", "da7a"))
    rows.add_not_estimable("only one study of depression: Large", **KEYS, stratum=layer)
    found = replace(findings, table=results.concatenate([findings.table, rows.table()]))
    assert [line[3] for line in lines(found)] == ["only one study of depression: Large"]


def test_a_funnel_of_invented_cohorts_is_drawn_around_the_published_studies(findings):
    both = with_syntheses(findings)
    _, of_what = published.middle(both, "depression")
    assert of_what == "published studies and cohorts"
    table = both.table[both.table["stratum"] != "both"]
    row, of_what = published.middle(replace(both, table=table), "depression")
    assert (row["stratum"], of_what) == ("published", "published studies")
