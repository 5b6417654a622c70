"""Error rates are told of claims that could be judged, and of no others."""

from dataclasses import replace

import pytest

from igfmood import results
from igfmood.evidence.operating.worlds import CLAIMED, NULL
from igfmood.report.numbers import plain
from igfmood.report.operating_tables import error_rates
from igfmood.results import Rows, Source


@pytest.fixture
def tried(findings):
    """Return the small study in which so many worlds of two kinds could not be judged."""

    def make(*not_evaluable: float):
        rows = Rows(Source("small", results.POOLED, 7, "c0de", "da7a"))
        keys = {"analysis": "operating", "claim": "cognition", "target": "cognition"}
        for kind, share in zip((NULL, CLAIMED), not_evaluable, strict=True):
            for measure, value in (("rate_supported", 0.0), ("rate_refuted", 0.0),
                                   ("rate_not_evaluable", share)):  # fmt: skip
                rows.add(**keys, term=kind, measure=measure, estimate=value, ci_low=0.0, ci_high=1,
                         method="share of worlds judged so: a kind; score interval")  # fmt: skip
        return replace(findings, table=results.concatenate([findings.table, rows.table()]))

    return make


def said(findings) -> str:
    return plain(error_rates(findings.claims["cognition"], findings))


def test_a_claim_that_no_world_can_judge_has_no_error_rates(tried):
    assert said(tried(1.0, 1.0)).startswith("Error rates of this procedure are not known")


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ((0.5, 1.0), "where there is nothing to find, 0 % (0 to 100) are SUPPORTED."),
        ((1.0, 0.0), "where the claim is right, 0 % (0 to 100) are SUPPORTED and 0 % (0 to 100) "
                     "REFUTED."),
    ],
)  # fmt: skip
def test_only_worlds_that_can_judge_it_tell_of_errors(tried, shares, told):
    text = said(tried(*shares)).replace("\u00a0", " ")
    assert text == f"Error rates of this procedure with this study's people: {told}"


def test_without_worlds_nothing_is_told(findings):
    assert said(findings) == ""
