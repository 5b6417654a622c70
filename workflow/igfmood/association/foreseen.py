"""The people of a cohort as a run will have them, before anything is imputed.

Takes a participants table and the study; gives the people at the first visit, each gap that a run
fills holding some value of its column. It serves to count who answers a question, and for nothing
else: the values are not imputed.
"""

import pandas as pd

from igfmood.association.people import people_at_baseline
from igfmood.association.sample import CohortData
from igfmood.config.study import Study
from igfmood.impute.participants import Completed, to_be_filled


def as_imputed(study: Study, name: str, table: pd.DataFrame) -> CohortData:
    """Return a cohort's people, the commonest value of its column in each gap that a run fills.

    Parameters
    ----------
    study
        For the covariates and the settings of imputation; with `imputation.m` 0 no gap is filled.
    name
        Name of the cohort.
    table
        Its participants.
    """
    people = people_at_baseline(table, study)
    filled = to_be_filled(people, study)
    filled.pop(study.analyte.sds, None)  # who answers has a score of their own
    whole = people.assign(
        **{column: people[column].fillna(people[column].mode().iloc[0]) for column in filled}
    )
    completed = Completed((whole,), filled, None, "", {})
    return CohortData(people, completed, study, study.cohort(name))
