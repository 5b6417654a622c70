"""What is asked of every cohort at the first visit, one module a subject.

Takes the study; gives all questions in the order of the report.
"""

from collections.abc import Iterator

from igfmood.association.question import Question
from igfmood.association.questions import (
    brain,
    cognition,
    contrasts,
    controls,
    incidence,
    severity,
    shape,
    stress,
    tails,
    treatment,
)
from igfmood.config.study import Study


def all_questions(study: Study) -> Iterator[Question]:
    """Yield every question of the study."""
    for subject in (
        contrasts, severity, shape, tails, stress, brain, cognition, incidence, treatment, controls,
    ):  # fmt: skip
        yield from subject.questions(study)


def question_of(
    study: Study, analysis: str, target: str, measure: str, term: str
) -> Question | None:
    """Return the question whose answer holds a number, None if no question does."""
    for question in all_questions(study):
        if (question.analysis, question.target) == (analysis, target) and (
            (measure, term) in question.keys
        ):
            return question
    return None
