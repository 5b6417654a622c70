"""Questionnaires of depression: the PHQ-9 and other scales.

Takes a raw table and the entries that say how it is coded; gives items, totals, where each total
came from, and the cells that could not be read.
"""

from igfmood.cohort.questionnaires.phq9 import no_phq9, score_phq9
from igfmood.cohort.questionnaires.scales import score_scales

__all__ = ["no_phq9", "score_phq9", "score_scales"]
