"""The rule that turns estimates into a verdict.

Takes intervals and what the claim declared; gives one of four verdicts with the reason. Pure
functions: no files, no randomness, nothing else.
"""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["SUPPORTED", "REFUTED", "INCONCLUSIVE", "NOT_EVALUABLE"]
#: Why an effect is refuted that is shown to be none of interest.
WITHIN = "the effect is within the margin: too small to be of interest"


@dataclass(frozen=True)
class Judgement:
    """A verdict and why."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Interval:
    """An interval at the study's level and the narrower one of the equivalence test.

    `lasting` is the share of the variance that more people in the same cohorts would not take
    away, since cohorts differ.
    """

    low: float
    high: float
    equivalence_low: float
    equivalence_high: float
    lasting: float = 0.0


def judge_effect(
    found: Interval, direction: Literal["lower", "higher"], margin: float
) -> Judgement:
    """Judge a claim about the sign and size of an effect.

    SUPPORTED if the interval lies wholly beyond the margin in the claimed direction; REFUTED if it
    lies wholly on the other side of zero, or if two one-sided tests place the effect within the
    margin; INCONCLUSIVE otherwise.

    Parameters
    ----------
    found
        Intervals of the pooled effect.
    direction
        Sign that the claim says.
    margin
        Effects within this of zero are of no interest; above 0.
    """
    sign = 1 if direction == "higher" else -1
    low, high = sorted((sign * found.low, sign * found.high))
    if low > margin:
        return Judgement(
            "SUPPORTED", "the interval lies beyond the margin in the claimed direction"
        )
    if high < 0:
        return Judgement(
            "REFUTED", "the interval lies on the other side of zero: the opposite is the case"
        )
    if -margin < found.equivalence_low and found.equivalence_high < margin:
        return Judgement("REFUTED", WITHIN)
    if low > 0:
        return Judgement(
            "INCONCLUSIVE", "the direction is as claimed, but the effect may be within the margin"
        )
    return Judgement("INCONCLUSIVE", "the interval holds both effects of interest and none")


def judge_diagnostic(
    auc: Interval, added: Interval, difference: Interval, bound: float, margin: float
) -> Judgement:
    """Judge a claim that the analyte works as a test.

    SUPPORTED if the lower limit of the AUC reaches the bound and the added AUC lies beyond the
    margin, in the claimed direction; REFUTED if the groups differ in the opposite direction (a
    model learns the sign, so that its AUC alone cannot tell), if the upper limit of the AUC is
    below the bound, or the added AUC is below the margin (one-sided test); INCONCLUSIVE otherwise.

    Parameters
    ----------
    auc
        Intervals of the pooled AUC in cohorts not used for the model.
    added
        Intervals of the pooled difference in AUC to the model without the analyte.
    difference
        Interval of the pooled group difference, positive in the claimed direction.
    bound
        AUC that the lower limit must reach.
    margin
        Added AUC that would matter.
    """
    if difference.high < 0:
        return Judgement("REFUTED", "the groups differ in the direction opposite to the claim")
    if auc.low >= bound and added.low > margin and difference.low > 0:
        return Judgement("SUPPORTED", "the AUC reaches the bound and the analyte adds to it")
    if auc.high < bound:
        return Judgement("REFUTED", "the AUC stays below the bound")
    if added.equivalence_high < margin:
        return Judgement("REFUTED", "the analyte adds less than the margin to age, sex and BMI")
    open_questions = [
        question
        for question, settled in (
            ("the AUC reaches the bound", auc.low >= bound),
            ("the added AUC is beyond the margin", added.low > margin),
            ("the groups differ in the claimed direction", difference.low > 0),
        )
        if not settled
    ]
    return Judgement("INCONCLUSIVE", "it stays open whether " + " and ".join(open_questions))


def enlargement_to_settle(distance: float, half_width: float, lasting: float = 0.0) -> float:
    """Return how many times more people would settle the question.

    If the estimate stays where it is, the variance of people shrinks with n and that of cohorts
    stays: the interval clears the boundary at ``distance^2 = half^2 (lasting + (1 - lasting) / f)``
    of f times the people.

    Parameters
    ----------
    distance, half_width
        Distance of the estimate from the boundary, and half the interval, same unit.
    lasting
        Share of the variance that stays, 0 to 1.

    Returns
    -------
    float
        Factor, at least 1; infinite where the estimate lies on the boundary, or nearer to it
        than the difference of cohorts lets any number of people tell.
    """
    left = distance**2 - lasting * half_width**2
    if distance <= 0 or left <= 0:
        return float("inf")
    return max(1.0, (1 - lasting) * half_width**2 / left)


def enlargement_to_settle_effect(estimate: float, margin: float, found: Interval) -> float:
    """Return how many times more people would settle a claim about an effect, by the nearest way.

    Parameters
    ----------
    estimate
        Pooled effect, positive in the claimed direction.
    margin
        Effects within this of zero are of no interest.
    found
        Its intervals: that of the study's level clears the margin or zero, the other one shows
        equivalence.

    Returns
    -------
    float
        Factor, at least 1; infinite where no number of people would settle it.
    """
    half, test = (found.high - found.low) / 2, (found.equivalence_high - found.equivalence_low) / 2
    if estimate > margin:
        return enlargement_to_settle(estimate - margin, half, found.lasting)
    return min(
        enlargement_to_settle(-estimate, half, found.lasting),
        enlargement_to_settle(margin - abs(estimate), test, found.lasting),
    )


def enlargement_to_settle_diagnostic(
    auc_beyond: float, auc: Interval, added_beyond: float, added: Interval
) -> float:
    """Return how many times more people would settle whether the analyte works as a test.

    Both the AUC and the added AUC must clear their boundary to support the claim; the first that
    stays below its own refutes it.

    Parameters
    ----------
    auc_beyond, added_beyond
        How far the estimates lie beyond the bound and the margin; negative if they fall short.
    auc, added
        Their intervals.

    Returns
    -------
    float
        Factor, at least 1; infinite where no amount would settle it.
    """
    reach = enlargement_to_settle(abs(auc_beyond), (auc.high - auc.low) / 2, auc.lasting)
    if auc_beyond > 0 and added_beyond > 0:
        half = (added.high - added.low) / 2
        return max(reach, enlargement_to_settle(added_beyond, half, added.lasting))
    test = (added.equivalence_high - added.equivalence_low) / 2
    gain = enlargement_to_settle(abs(added_beyond), test, added.lasting)
    falls_short = ((reach, auc_beyond < 0), (gain, added_beyond < 0))
    return min((factor for factor, short in falls_short if short), default=float("inf"))
