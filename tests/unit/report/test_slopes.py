"""The sentence under the slopes of stress: the pooled bounds as their rows have them."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.report.figures import slopes
from igfmood.report.numbers import Number, plain
from igfmood.results import Rows, Source

KEYS = {
    "analysis": "stress_buffering", "target": "phq9_total", "exposure": "igf1_sds",
    "stratum": "all", "adjustment": "adjusted", "measure": "johnson_neyman",
}  # fmt: skip


def told(findings, *bounds, reason=""):
    rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
    for term, value in bounds:
        rows.add(**KEYS, term=term, estimate=value, method="pooled")
    if reason:
        rows.add_not_estimable(reason, **KEYS)
    table = results.concatenate([findings.table, rows.table()])
    return slopes.region(replace(findings, table=table)), rows.table()


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ([("above", 1.923), ("below", -0.4)], "below −0.40 SDS and above 1.92 SDS"),
        ([("to", 1.5), ("from", -0.5)], "from −0.50 SDS to 1.50 SDS"),
        ([("below", -1.0), ("to", 1.5), ("from", 0.5)],
         "below −1.00 SDS and from 0.50 SDS to 1.50 SDS"),
        ([("above", 0.25)], "above 0.25 SDS"),
    ],
)  # fmt: skip
def test_the_bounds_stand_in_order_and_each_is_a_row(findings, bounds, words):
    text, rows = told(findings, *bounds)
    said = plain(text).replace("\N{NO-BREAK SPACE}", " ")
    assert said == f"The 95 % interval leaves 0 out {words}."
    ids = {part.result_id for part in text if isinstance(part, Number)}
    assert ids == set(rows["result_id"])


def test_why_there_is_no_bound_is_said(findings):
    text, _ = told(findings, reason="the pooled slope differs from 0 at no score from -2.5 to 2.5")
    assert plain(text) == (
        "Johnson–Neyman region: the pooled slope differs from 0 at no score from -2.5 to 2.5."
    )


def test_without_rows_nothing_is_said(findings):
    assert slopes.region(findings) == ()
