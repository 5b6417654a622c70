"""Which published effects may be pooled, so that nobody counts twice.

Takes: effects of published studies, the diagnoses of interest, and which published people are
those of a cohort.
Gives: for each effect whether it enters a synthesis, and the reason if it does not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from igfmood.errors import ConfigError
from igfmood.synthesis.published.effects import PublishedEffect
from igfmood.synthesis.published.studies import Matrix

#: What may be pooled; `blood` is serum or plasma, the source does not say which.
POOLED_MATRICES: tuple[Matrix, ...] = ("serum", "plasma", "plasma_edta", "plasma_heparin", "blood")
#: Diagnoses that are compared with controls, as the study's tasks call them.
TARGETS = ("depression", "bipolar")
#: Which of the studies that may share participants enters.
RULE = "of studies that may share participants the largest enters, of equal ones the latest"


@dataclass(frozen=True)
class Choice:
    """Whether an effect enters a synthesis, and the reason if it does not."""

    effect: PublishedEffect
    enters: bool
    reason: str


def choose(
    published: Collection[PublishedEffect],
    targets: Collection[str] = TARGETS,
    same_people: Mapping[str, str] | None = None,
) -> tuple[Choice, ...]:
    """Decide which published effects may be pooled, so that nobody counts twice.

    Parameters
    ----------
    published : collection of PublishedEffect
    targets : collection of str
        Diagnoses of interest.
    same_people : mapping, optional
        Overlap group of published studies to the name of the study's own cohort that has the
        same people: the group then leaves, the cohort's own data enter.

    Returns
    -------
    tuple of Choice
        One per effect, in their order. An effect enters if it is estimable, of one of the
        targets, measured in serum or plasma, of nobody in `same_people`, and the largest of its
        overlap group and target (of equal ones the latest, then the first by label).

    Raises
    ------
    ConfigError
        A group of `same_people` that no study has.
    """
    same = dict(same_people or {})
    groups = sorted({effect.study.overlap_group for effect in published})
    for group in same:
        if group not in groups:
            raise ConfigError(
                f"no published study has the overlap group {group!r}: there are {', '.join(groups)}"
            )
    reasons = {e.study.study: _why_not(e, targets, same) for e in published}
    eligible = [effect.study for effect in published if not reasons[effect.study.study]]
    for study in eligible:
        largest = min(
            (s for s in eligible
             if (s.target, s.overlap_group) == (study.target, study.overlap_group)),
            key=lambda s: (-s.n, -s.year, s.study),
        )  # fmt: skip
        if study is not largest:
            reasons[study.study] = (
                f"may share participants with {largest.study}, which enters with n = {largest.n} "
                f"(here {study.n}): {RULE}"
            )
    return tuple(
        Choice(effect, not reasons[effect.study.study], reasons[effect.study.study])
        for effect in published
    )


def _why_not(effect: PublishedEffect, targets: Collection[str], same: Mapping[str, str]) -> str:
    study = effect.study
    if study.target not in targets:
        return f"not one of the diagnoses in question ({', '.join(targets)}): {study.cases}"
    if effect.smd is None:
        return effect.reason
    if study.matrix not in POOLED_MATRICES:
        matrix = study.matrix.replace("_", " ")
        return f"measured in {matrix}, which is never pooled with serum or plasma"
    if study.overlap_group in same:
        return f"the people of cohort {same[study.overlap_group]}, whose own data enter"
    return ""
