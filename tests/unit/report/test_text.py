"""Each kind of verdict has its plain-language line."""

from collections.abc import Callable

from igfmood.report.counts import Counts
from igfmood.report.estimands import contrast
from igfmood.report.load import Findings
from igfmood.report.methods import limits, methods
from igfmood.report.numbers import MINUS, NBSP, Number, plain
from igfmood.report.text import _of_terms, equivalence, verdict_lines


def said(findings: Findings, counts: Counts, place: int) -> list[str]:
    return [plain(line) for line in verdict_lines(findings.verdicts[place], findings, counts)]


def test_supported(findings: Findings, counts: Counts) -> None:
    estimate, reason, prediction = said(findings, counts, 0)
    assert estimate == (
        f"Pooled difference {MINUS}0.5000{NBSP}SD (95{NBSP}% CI {MINUS}0.7996 to {MINUS}0.2004), "
        f"k{NBSP}={NBSP}2 cohorts, ≈ 320 people."
    ), "decimals tell the limit from the margin; an exact total would give back rounded parts"
    assert reason == f"The interval lies beyond the margin of 0.2{NBSP}SD."
    assert f"between {MINUS}0.90 and {MINUS}0.10 (95{NBSP}% prediction interval)" in prediction


def test_refuted(with_verdict: Callable[..., Findings], counts: Counts) -> None:
    changed = with_verdict(verdict="REFUTED", reason="the opposite is the case")
    estimate, reason, _ = said(changed, counts, 0)
    assert estimate.startswith("Pooled difference")
    assert reason == "The opposite is the case."


def test_a_reason_has_the_reports_minus_and_says_which_interval_decided(
    with_verdict: Callable[..., Findings], counts: Counts
) -> None:
    reason = (
        "the interval holds both effects of interest and none; decided by the normal interval "
        "(95 % -1.87 to -0.01), which is wider than the Knapp-Hartung one"
    )
    _, told, *_ = said(with_verdict(verdict="INCONCLUSIVE", reason=reason), counts, 0)
    assert f"(95{NBSP}% {MINUS}1.87 to {MINUS}0.01), which is wider than the Knapp–Hartung" in told


def test_a_reason_names_the_two_terms_of_a_claim_as_the_numbers_do(findings: Findings) -> None:
    claim = findings.claims["lower"]
    estimand = claim.estimand.model_copy(update={"term": "low", "also": "high"})
    both = claim.model_copy(update={"estimand": estimand})
    told = _of_terms("low: the interval is low; high: the opposite is the case", both)
    assert told == "Low levels: the interval is low; High levels: the opposite is the case"
    assert _of_terms("low: so it is", claim) == "low: so it is"


def test_inconclusive_says_how_many_people_would_settle_it(
    findings: Findings, counts: Counts
) -> None:
    lines = said(findings, counts, 1)
    assert lines[0].startswith(f"AUC 0.69 in cohorts not used for the model (95{NBSP}% CI 0.65 to")
    assert "IGF-1 adds +0.050 to the AUC of age, sex, bmi".lower() in lines[0].lower()
    assert lines[-1] == "About 12,300 people would settle it, if the estimate stays where it is."


def test_not_evaluable_gives_the_gate_and_no_small_count(
    findings: Findings, counts: Counts
) -> None:
    assert said(findings, counts, 2) == ["Not judged: too few people: <10, needs 20."]


def test_every_number_of_a_sentence_has_its_result(findings: Findings, counts: Counts) -> None:
    for verdict in findings.verdicts:
        for line in verdict_lines(verdict, findings, counts):
            for part in line:
                if isinstance(part, Number):
                    assert part.result_id in findings.by_id


def test_equivalence(findings: Findings) -> None:
    claim = findings.claims["lower"]
    text = plain(equivalence(claim, contrast(findings, "depression"), findings))
    assert f"±0.2{NBSP}SD: p{NBSP}>{NBSP}0.99; 90{NBSP}% interval" in text


def test_methods_name_what_was_done(findings: Findings) -> None:
    text = " ".join(paragraph.text for paragraph in methods(findings))
    for word in ("HC3", "Hedges' g", "Knapp–Hartung", "DeLong", "LeDell", "seed 1", "margin 0.2"):
        assert word in text
    assert limits(findings)
