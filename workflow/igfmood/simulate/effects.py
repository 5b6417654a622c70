"""The planted truth, in one place.

Takes: nothing.
Gives: the effects that every cohort is drawn with; `truth.yaml` prints them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlantedEffects:
    """True effects of the invented world.

    Attributes
    ----------
    depression, bipolar, schizophrenia : float
        Mean IGF-1 SDS of cases minus healthy people of the same age and sex.
    contraceptive : float
        SDS change in women who take a combined oral contraceptive.
    antidepressant : float
        SDS difference between depressed users and depressed non-users.
    cognition : float
        SD of cognitive score per SDS.
    hippocampus : float
        SD of hippocampal volume per SDS.
    stress, stress_by_igf1 : float
        SD of PHQ-9 total per SD of perceived stress at SDS 0, and its change per SDS.
    incidence : float
        Log hazard of a first depression per SDS.
    response : float
        Log odds of treatment response per SDS of baseline IGF-1, and per SDS of change.
    curvature : float
        Coefficient of squared SDS in the log odds of depression.
    tail_excess : float
        Log odds of depression in either tail beyond what the linear slope gives.
    """

    depression: float = -0.60
    bipolar: float = 0.60
    schizophrenia: float = 0.0
    contraceptive: float = -0.43
    antidepressant: float = -0.16
    cognition: float = 0.20
    hippocampus: float = 0.15
    stress: float = 0.40
    stress_by_igf1: float = -0.10
    incidence: float = -0.20
    response: float = 0.0
    curvature: float = 0.0
    tail_excess: float = 0.0


TRUTH = PlantedEffects()
MEAN_SDS = {
    "control": 0.0,
    "depression": TRUTH.depression,
    "bipolar": TRUTH.bipolar,
    "schizophrenia": TRUTH.schizophrenia,
}
