"""A claim is judged only where what it declared beforehand holds."""

import pytest

from builders import SOURCE, make_claim, result_table
from igfmood import results
from igfmood.config.claims import Claim
from igfmood.evidence.gates import failed_gate, usable
from igfmood.evidence.verdict import Judgement

KEYS = {
    "analysis": "contrast", "target": "depression", "exposure": "igf1_sds", "model": "linear",
    "adjustment": "adjusted", "stratum": "all",
}  # fmt: skip


def table(missing=0.2, n=300, cases=120):
    pooled = result_table(
        {**KEYS, "measure": "smd", "estimate": -0.4, "se": 0.1, "n": n, "n_events": cases},
        {**KEYS, "measure": "k", "term": "smd", "estimate": 2},
    )
    cohort = result_table(
        {**KEYS, "measure": "smd", "estimate": -0.4, "se": 0.1, "n": n},
        {"analysis": "quality", "stratum": "all", "measure": "missing", "term": "igf1",
         "estimate": missing, "n": 400},
        source=SOURCE,
    )  # fmt: skip
    return results.concatenate([pooled, cohort])


def gate(rows=None, **gates):
    rows = table() if rows is None else rows
    found = results.select(rows, cohort=results.POOLED, measure="smd").iloc[0]
    return failed_gate(make_claim(gates=gates), found, rows)


def test_a_gate_that_is_not_named_is_not_asked():
    assert gate() == ""


@pytest.mark.parametrize(
    ("gates", "reason"),
    [
        ({"people": 301}, "too few people: 300 < 301"),
        ({"events": 121}, "too few cases or events: 120 < 121"),
        ({"missing": 0.19}, "too many people without the analyte: 20% > 19%"),
    ],
)
def test_a_gate_that_fails_says_so(gates, reason):
    assert gate(**gates) == reason


def test_gates_hold_at_their_bounds():
    assert gate(people=300, events=120, missing=0.2) == ""


def test_an_unknown_number_of_events_is_not_enough():
    rows = table(cases=None)
    assert gate(rows, events=1) == "too few cases or events: not known < 1"


def test_fewer_cohorts_than_declared_come_first():
    rows = table()
    found = results.select(rows, cohort=results.POOLED, measure="smd").iloc[0]
    claim = make_claim(min_cohorts=3, gates={"people": 1000})
    assert failed_gate(claim, found, rows) == "too few cohorts: k = 2 < 3"


@pytest.mark.parametrize(
    ("slope", "verdict"), [(0.5, "SUPPORTED"), (0.49, "NOT_EVALUABLE"), (2.1, "NOT_EVALUABLE")]
)
def test_a_test_whose_risks_are_wrong_is_not_supported(slope, verdict):
    claim = make_claim("validation", gates={"calibration_slope": [0.5, 2]})
    rows = result_table({
        "analysis": "validation", "target": "depression", "adjustment": "adjusted",
        "stratum": "all", "measure": "calibration_slope", "estimate": slope,
    })  # fmt: skip
    assert usable(Judgement("SUPPORTED", "it is"), claim, rows).verdict == verdict
    assert usable(Judgement("REFUTED", "no"), claim, rows).verdict == "REFUTED"


def test_without_a_slope_there_is_no_support():
    claim = make_claim("validation", gates={"calibration_slope": [0.5, 2]})
    found = usable(Judgement("SUPPORTED", "it is"), claim, results.as_table([]))
    assert found == Judgement("NOT_EVALUABLE", "the calibration slope is not estimable")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gates": {"calibration_slope": [0.5, 2]}}, "belongs to claims of kind diagnostic"),
        ({"thresholds": [0.1, 0.3]}, "thresholds belongs to claims of kind diagnostic"),
        ({"gates": {"slope": 1}}, "gates.slope"),
    ],
)
def test_gates_that_say_nothing_of_a_claim_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        make_claim(**changes)


def test_a_slope_must_rise():
    with pytest.raises(ValueError, match="two rising numbers"):
        Claim.model_validate(
            make_claim("validation").model_dump() | {"gates": {"calibration_slope": [2, 0.5]}}
        )
