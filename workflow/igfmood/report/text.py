"""Sentences about results, each number tied to its row.

Takes result rows and verdicts; gives text for verdicts, tables, captions and alt texts.
"""

import re
from collections.abc import Iterator, Sequence

import pandas as pd

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.report import reasons, words
from igfmood.report.counts import Counts
from igfmood.report.estimands import Estimand, of_claim
from igfmood.report.load import Findings, Verdict
from igfmood.report.numbers import (
    NBSP,
    Number,
    Text,
    decimals_apart,
    decimals_of,
    fixed,
    level,
    p_value,
    signed,
    with_minus,
)
from igfmood.report.protected import told_reason
from igfmood.report.ratios import beside, names_of, ratio
from igfmood.results import POOLED
from igfmood.synthesis.row_keys import PREDICTION_TERM, without_companion

#: Measure: how its pooled value is introduced, and its unit.
_OPENING = {
    "smd": ("Pooled difference ", f"{NBSP}SD"),
    "beta": ("Pooled slope ", ""),
    "auc": ("AUC ", ""),
    "delta_auc": ("Added AUC ", ""),
    "log_or": ("Pooled log odds ratio ", ""),
    "log_hr": ("Pooled log hazard ratio ", ""),
    "log_rr": ("Pooled log rate ratio ", ""),
    "log_rom": ("Pooled log ratio of means ", ""),
    "log_vr": ("Pooled log ratio of SDs ", ""),
    "indirect": ("Pooled indirect effect ", " PHQ-9 points per SD"),
}
_SIGNED = (
    "smd", "beta", "delta_auc", "log_or", "log_hr", "log_rr", "log_rom", "log_vr", "indirect",
    "calibration_intercept", "delta_scaled_brier", "delta_net_benefit", "delta_c_index",
    "delta_hand_till", "update_intercept",
)  # fmt: skip
#: Analysis and term: unit of its slope, with the analyte's name in braces.
_SLOPES = {
    ("severity", ""): " PHQ-9 points per SD of {}",
    ("cognition", ""): " SD of the cognitive score per SD of {}",
    ("cognition", "decline"): " SD of the cognitive score per year and SD of {}",
    ("stress_buffering", ""): " SD of PHQ-9 per SD of stress and SD of {}",
    ("neuroplasticity", ""): " SD of hippocampal volume per SD of {}",
    ("within_person", ""): " PHQ-9 points per SD by which {} of the same person changed",
    ("mendelian", ""): " log odds per SD of genetically predicted {}",
}
#: Analysis of a slope that is called otherwise: how it is introduced.
_CALLED = {"stress_buffering": "Pooled interaction "}
#: How the method of a pooled number begins that one cohort alone has.
ONE_COHORT = "one cohort only"
#: Measure of a claim: unit of its margin.
_MARGINS = {"smd": f"{NBSP}SD"}


def axis_of(estimand: Estimand, label: str) -> str:
    """Return the label of an axis that shows an estimand: quantity and unit."""
    unit = _SLOPES.get((estimand.analysis, estimand.term), "")
    if estimand.measure == "beta" and unit:
        return unit.format(label).strip()
    name = words.MEASURES.get(estimand.measure, estimand.measure)
    start = f"{words.TERMS[estimand.term]}: {name}" if estimand.term in words.TERMS else name
    per = {
        "tails": " against the middle",
        "incidence": f" per SD of {label}",
        "treatment": f" per SD of {label}",
        "neuroplasticity": f", points per SD of {label}",
    }
    return f"{start[:1].upper()}{start[1:]}{per.get(estimand.analysis, '')}"


def value(row: pd.Series, column: str = "estimate", decimals: int | None = None) -> Number:
    """Return a number of a result row, by default with the decimals of its measure.

    Parameters
    ----------
    row
        Row of the results table.
    column
        Which number: estimate, ci_low, ci_high or p.
    decimals
        Of the text.
    """
    found = float(row[column])
    if column == "p":
        return Number(p_value(found), row["result_id"], found)
    digits = decimals_of(row["measure"]) if decimals is None else decimals
    return Number(fixed(found, digits), row["result_id"], found)


def with_sign(row: pd.Series, decimals: int | None = None) -> Number:
    """Return the estimate of a row; with a plus sign where zero means nothing."""
    number = value(row, "estimate", decimals)
    if row["measure"] in _SIGNED:
        digits = decimals_of(row["measure"]) if decimals is None else decimals
        return Number(signed(float(row["estimate"]), digits), number.result_id, number.value)
    return number


def interval(row: pd.Series, decimals: int | None = None, name: str = "CI") -> Text:
    """Return an interval: ``95 % CI −0.75 to −0.41``."""
    low, high = value(row, "ci_low", decimals), value(row, "ci_high", decimals)
    return (f"{level(row['level'])} {name} ", low, " to ", high)


def estimate_with_interval(
    row: pd.Series, findings: Findings, decimals: int | None = None
) -> Text:  # fmt: skip
    """Return an estimate with its interval: ``−0.58 (−0.75 to −0.41)``."""
    digits = decimals_for(row, findings) if decimals is None else decimals
    low, high = value(row, "ci_low", digits), value(row, "ci_high", digits)
    return (value(row, "estimate", digits), " (", low, " to ", high, ")")


def pooled_line(row: pd.Series, findings: Findings, counts: Counts) -> Text:
    """Return a pooled estimate in one sentence, with cohorts and people behind it."""
    digits = decimals_for(row, findings)
    opening, unit = _OPENING.get(row["measure"], (f"{row['measure']} ", ""))
    slope = (row["analysis"], without_companion(row["term"]))
    if row["measure"] == "beta" and slope in _SLOPES:
        opening = _CALLED.get(row["analysis"], opening)
        unit = _SLOPES[slope].format(findings.study.analyte.label)
    if row["analysis"] == "mendelian":
        return _genetic_line(row, findings, unit)
    if stands_alone(row):
        opening = opening.removeprefix("Pooled ").capitalize()
    if slope[1] in words.TERMS:
        opening = f"{words.TERMS[slope[1]]}: {opening[:1].lower()}{opening[1:]}"
    if among := words.population(row["stratum"], findings.study):
        opening = f"{among}: {opening[:1].lower()}{opening[1:]}"
    return (
        opening, with_sign(row, digits), unit, " (", *interval(row, digits), *beside(row), ")",
        *_behind(row, findings, counts), ".",
    )  # fmt: skip


def _genetic_line(row: pd.Series, findings: Findings, unit: str) -> Text:
    """Return what genes say in one sentence: nothing is pooled over cohorts, `n` are variants."""
    digits = decimals_for(row, findings)
    method = str(row["method"]).split(";")[0]
    variants = Number(f"{int(row['n']):,}", row["result_id"], float(row["n"]))
    return (
        f"{method}: ", with_sign(row, digits), unit, " (", *interval(row, digits), *beside(row),
        "), ", variants, f"{NBSP}variants, one pair of summary tables.",
    )  # fmt: skip


def slope_unit(analysis: str, term: str, findings: Findings) -> str:
    """Return the unit of the slope that an analysis estimates, empty if it has none."""
    return _SLOPES.get((analysis, term), "").format(findings.study.analyte.label)


def region_bounds(rows: Sequence[pd.Series]) -> Text:
    """Return the bounds of a region in words: ``below −0.40 SDS and above 1.92 SDS``.

    A bound beyond the observed scores is none of them: left out, or the region with it. Scores
    lie on both sides of 0, so that its sign says on which side it is.
    """
    parts: list[Text] = []
    for low, high in _ranges(rows):
        if low is None and high is None:
            return ("at every observed score",)
        if low is None and high is not None:
            parts.append(("below ", value(high), f"{NBSP}SDS"))
        elif high is None and low is not None:
            parts.append(("above ", value(low), f"{NBSP}SDS"))
        elif low is not None and high is not None:
            parts.append(("from ", value(low), f"{NBSP}SDS to ", value(high), f"{NBSP}SDS"))
    if not parts:
        return ("at no observed score",)
    joined = parts[0]
    for part in parts[1:]:
        joined = (*joined, " and ", *part)
    return joined


def _ranges(rows: Sequence[pd.Series]) -> Iterator[tuple[pd.Series | None, pd.Series | None]]:
    """Yield the bounds of each range that holds observed scores; None where it has none."""
    pairs: list[tuple[pd.Series | None, pd.Series | None]] = []
    low: pd.Series | None = None
    for row in sorted(rows, key=lambda one: float(one["estimate"])):
        word = str(row["term"]).split()[0]
        if word == "above":
            pairs.append((row, None))
        elif word == "from":
            low = row
        else:
            pairs.append((low if word == "to" else None, row))
    for low, high in pairs:
        if _beyond(low) <= 0 <= _beyond(high):
            yield None if _beyond(low) else low, None if _beyond(high) else high


def _beyond(row: pd.Series | None) -> int:
    """Return on which side of the observed scores a bound lies: −1, 1, or 0 for among them."""
    if row is None or "extrapolated" not in row["method"]:
        return 0
    return 1 if float(row["estimate"]) > 0 else -1


def in_a_note(row: pd.Series) -> Text:
    """Return a logarithm's ratio as a sentence under a figure, nothing for any other number."""
    found = names_of(row)
    if found is None:
        return ()
    name = "in this cohort" if stands_alone(row) else "pooled"
    return (f"As {'an' if found[1][0] in 'aeio' else 'a'} {found[1]}, {name}: ", *ratio(row), ".")


def estimand_of(row: pd.Series) -> Estimand:
    """Return which estimate a row is, or goes with."""
    return Estimand(
        row["analysis"], row["target"], row["measure"], row["adjustment"],
        without_companion(row["term"]), row["stratum"],
    )  # fmt: skip


def stands_alone(row: pd.Series) -> bool:
    """Return whether a pooled number is that of one cohort, carried as it stands."""
    return str(row["method"]).startswith(ONE_COHORT)


def _behind(row: pd.Series, findings: Findings, counts: Counts) -> Text:
    k = estimand_of(row).heterogeneity(findings, "k")
    cohorts: Text = ()
    if k is not None:
        word = "cohort" if k["estimate"] == 1 else "cohorts"
        cohorts = (f", k{NBSP}={NBSP}", value(k), f" {word}")
    return (*cohorts, ", ", counts.people(row), " people")


def decimals_for(row: pd.Series, findings: Findings) -> int:
    """Return how many decimals an estimate needs.

    A pooled estimate that a claim is judged by gets as many as tell it and its limits from the
    bound or margin: an interval that stops short must not be written as if it reached.
    """
    decimals = decimals_of(row["measure"])
    if row["cohort"] != POOLED:
        return decimals
    values = [float(row[name]) for name in ("estimate", "ci_low", "ci_high")]
    return decimals_apart(values, _marks_of(row, findings), decimals)


def _marks_of(row: pd.Series, findings: Findings) -> list[float]:
    """Return the bounds and margins that a pooled row is held against."""
    marks: list[float] = []
    for claim in findings.claims.values():
        for estimand in of_claim(findings, claim):
            if estimand == estimand_of(row):
                bound = claim.bound if row["measure"] == "auc" else None
                marks += [bound] if bound else [-claim.margin, 0.0, claim.margin]
    return marks


def verdict_lines(verdict: Verdict, findings: Findings, counts: Counts) -> list[Text]:
    """Return a verdict in plain words: estimate, reason, prediction, people needed."""
    claim = findings.claims[verdict.claim]
    rows = [findings.by_id[name] for name in verdict.result_ids]
    told = told_reason(verdict.reason, claim.estimand.population, findings.min_cell)
    reason = words.sentence(_of_terms(_with_limits(with_minus(told), claim), claim))
    if verdict.verdict == "NOT_EVALUABLE":
        reason = words.sentence(reasons.over_cohorts(reason, findings.study))
        return [(f"Not judged: {reason[:1].lower()}{reason[1:]}",)]
    lines: list[Text] = [_numbers_line(rows, findings, counts), (reason,)]
    lines += _predictions(claim, findings)
    if verdict.verdict == "INCONCLUSIVE":
        lines.append(needed(claim, findings))
    return lines


def _numbers_line(rows: Sequence[pd.Series], findings: Findings, counts: Counts) -> Text:
    parts: Text = ()
    for row in rows:
        if row["status"] == "ok":
            parts = (*parts, *((" ",) if parts else ()), *_claim_sentence(row, findings, counts))
    return parts


def _claim_sentence(row: pd.Series, findings: Findings, counts: Counts) -> Text:
    if row["measure"] == "auc":
        where = " in cohorts not used for the model"
        digits = decimals_for(row, findings)
        return (
            "AUC ", value(row, "estimate", digits), where, " (", *interval(row, digits), ")",
            *_behind(row, findings, counts), ".",
        )  # fmt: skip
    if row["measure"] == "delta_auc":
        digits = decimals_for(row, findings)
        base = words.prediction_tier(findings.study.added_value[1], findings.study)
        return (
            f"{findings.study.analyte.label} adds ", with_sign(row, digits),
            f" to the AUC of {base} (", *interval(row, digits), ").",
        )  # fmt: skip
    return pooled_line(row, findings, counts)


def _predictions(claim: Claim, findings: Findings) -> Iterator[Text]:
    """Yield what a new cohort would show, of each of two terms if the claim is about two."""
    estimands = of_claim(findings, claim)
    for estimand in estimands if claim.estimand.also else estimands[:1]:
        row = estimand.pooled(findings, PREDICTION_TERM)
        if row is None:
            continue
        what = "its AUC" if row["measure"] == "auc" else "its true value"
        named = words.TERMS.get(estimand.term, "") if claim.estimand.also else ""
        start = f"{named}: in" if named else "In"
        yield (
            f"{start} a new cohort {what} would be expected between ", value(row, "ci_low"),
            " and ", value(row, "ci_high"), f" ({level(row['level'])} prediction interval",
            *_as_wide(estimand, findings), ").",
        )  # fmt: skip


def _as_wide(estimand: Estimand, findings: Findings) -> Text:
    """Return why a prediction interval is that of the mean, nothing if it is wider."""
    tau2 = estimand.heterogeneity(findings, "tau2")
    if tau2 is None or float(tau2["estimate"]) > 0:
        return ()
    return (", no wider than that of the mean: τ² is estimated as ", Number("0", tau2["result_id"]))


def _of_terms(reason: str, claim: Claim) -> str:
    """Return a reason with the names of the two terms of a claim, if it is about two."""
    for term in claim.estimand.terms if claim.estimand.also else ():
        name = words.TERMS.get(term, term)
        reason = re.sub(rf"(^|; ){re.escape(term)}: ", rf"\g<1>{name}: ", reason)
    return reason.replace("Knapp-Hartung", "Knapp–Hartung").replace(" % ", f"{NBSP}% ")


def _with_limits(reason: str, claim: Claim) -> str:
    """Return a reason with the number of the margin and of the bound that it speaks of."""
    limits = {"the margin": f"the margin of {margin_text(claim)}"}
    if claim.bound is not None:
        limits["the bound"] = f"the bound of {fixed(claim.bound, 2)}"
    for word, told in limits.items():
        reason = re.sub(rf"{word}\b(?! of \d)", told, reason, count=1)
    return reason


def margin_text(claim: Claim) -> str:
    """Return the margin of a claim with its unit, if it has one."""
    return f"{claim.margin:g}{_MARGINS.get(claim.estimand.measure, '')}"


def needed(claim: Claim, findings: Findings) -> Text:
    """Return how many people would settle an inconclusive claim."""
    terms = dict.fromkeys((claim.estimand.term, claim.estimand.also, ""))
    found = [findings.find("n_to_settle", claim.id, "n", stratum="", term=t) for t in terms]
    known = [one for one in found if one is not None]
    if not known:
        return ()
    # Both terms must be settled: the one that needs more people, or cannot be settled, decides.
    row = max(known, key=lambda one: (one["status"] != "ok", float(one["estimate"])))
    if row["status"] != "ok":
        return (f"How many people would settle it cannot be said: {row['reason']}.",)
    n = float(row["estimate"])
    # Of a subset so rough that the people behind it, times what they lack, cannot be told.
    subset = claim.estimand.population != ALL
    rounded = max(round(n, -2 if subset or n >= 1000 else -1), 100 if subset else 0)
    number = Number(f"{rounded:,.0f}", row["result_id"], n)
    return ("About ", number, " people would settle it, if the estimate stays where it is.")


def equivalence(claim: Claim, estimand: Estimand, findings: Findings) -> Text:
    """Return the equivalence test of a claim, empty if there is none."""
    row = findings.ok("equivalence", claim.id, estimand.measure, stratum="", term=estimand.term)
    if row is None:
        return ()
    margin = f"{claim.margin:g}"
    limits = (float(row["ci_low"]), float(row["ci_high"]))
    digits = decimals_apart(limits, (-claim.margin, claim.margin), decimals_of(row["measure"]))
    unit = f"{NBSP}SD" if estimand.measure == "smd" else ""
    return (
        f"Equivalence to nothing, two one-sided tests against ±{margin}{unit}: p{NBSP}",
        *_p(row), "; ", *interval(row, digits, "interval"), ".",
    )  # fmt: skip


def _p(row: pd.Series) -> Text:
    number = value(row, "p")
    return (number,) if number.text[0] in "<>" else (f"={NBSP}", number)
