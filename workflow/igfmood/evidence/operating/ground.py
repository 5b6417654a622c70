"""The people of a cohort, and how scores of theirs would have been measured.

Takes a participants table; gives, for scores drawn in a world, the table that the cohort would
have had: concentrations by its own curve and batches, detection limits and gaps where they were,
and standard deviation scores learned anew from them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from igfmood.association.people import people_at_baseline
from igfmood.association.sample import CohortData
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.config.vocabulary import PHQ9_ITEMS
from igfmood.errors import NotEstimable
from igfmood.impute.participants import Completed
from igfmood.normalise.participants import add_sds
from igfmood.normalise.standardise import Standardised

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Columns that no claim is judged by: worlds are quicker without them.
_NOT_JUDGED = (
    *PHQ9_ITEMS, "phq9_n_missing", "phq9_source", "phq9_severity", "phq9_dsm", "phq9_total_given",
    "phq8_total", "phq9_somatic", "dx_subtype", "dx_source", "dx_ascertainment",
    "control_redefined",
)  # fmt: skip
#: The same of the analyte: what follows its name.
_NOT_JUDGED_OF_ANALYTE = ("unit", "lod", "assay", "standard", "matrix")
#: With fewer people seen twice, scores of one person are taken to correlate by this much.
_FEWEST, _USUAL = 20, 0.7


@dataclass(frozen=True, eq=False)
class Ground:
    """What stays the same in every world of a cohort.

    Parameters
    ----------
    table
        Participants, one row for each person and visit.
    people
        What their scores were learned from, one row for each row of the table.
    learned
        Curve and batches of the real data, by which scores become concentrations.
    data
        The people at the first visit.
    study, cohort
        The configuration, the study with this cohort alone.
    """

    table: pd.DataFrame
    people: pd.DataFrame
    learned: Standardised
    data: CohortData
    study: Study
    cohort: Cohort

    @cached_property
    def first(self) -> npt.NDArray[np.bool_]:
        """Which rows are first visits, shape (rows,)."""
        return self.table["is_baseline"].to_numpy(bool)

    @cached_property
    def person(self) -> IntArray:
        """Position of each row's person among the first visits, -1 if there is none, (rows,)."""
        at_first = self.table.loc[self.first, "participant_id"]
        place = pd.Series(np.arange(len(at_first)), index=at_first.to_numpy(object))
        found = self.table["participant_id"].map(place[~place.index.duplicated()])
        return found.fillna(-1).to_numpy(np.int64)

    @cached_property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Whose analyte is known, if only to be below the limit, shape (rows,)."""
        known = self.people["value"].notna() | self.people["below"]
        return known.to_numpy(bool)

    @cached_property
    def constancy(self) -> float:
        """Correlation of the scores of one person at two visits."""
        scores = self.table[self.study.analyte.sds].to_numpy(float)
        before = np.where(self.person >= 0, scores[self.first][self.person], np.nan)
        both = ~self.first & np.isfinite(scores) & np.isfinite(before)
        if both.sum() < _FEWEST:
            return _USUAL
        return float(np.clip(np.corrcoef(scores[both], before[both])[0, 1], 0.0, 0.99))

    def at_all_visits(self, at_first: FloatArray, rng: np.random.Generator) -> FloatArray:
        """Return scores at every visit, given those at the first, shape (rows,)."""
        scores = rng.standard_normal(len(self.table))
        r = self.constancy
        known = self.person >= 0
        scores[known] = r * at_first[self.person[known]] + np.sqrt(1 - r**2) * scores[known]
        scores[self.first] = at_first
        return scores

    def with_scores(
        self, scores: FloatArray, outcome: tuple[str, IntArray, FloatArray] | None = None
    ) -> pd.DataFrame:
        """Return the table that scores of everybody lead to.

        Parameters
        ----------
        scores
            Shape (rows,).
        outcome
            A column that changes as well, at which of the first visits, and its values there.
        """
        level = self._level(scores)
        batch = self.learned.batch
        labels = self.people["batch"].to_numpy(str)
        value = level if batch is None else batch.as_measured(level, labels)
        table = self._with_values(value)
        if outcome is not None:
            name, people, values = outcome
            rows = np.flatnonzero(self.first)[people]
            column = table[name].to_numpy(float, na_value=np.nan).copy()
            column[rows] = values
            table = table.assign(**{name: column})
        return self._standardised(table)

    def with_batches(self, scores: FloatArray, batch: npt.NDArray[np.object_],
                     shift: FloatArray) -> pd.DataFrame:  # fmt: skip
        """Return the table of scores that were measured in other batches, with their log shifts."""
        value = self._level(scores) * np.exp(shift)
        name = f"{self.study.analyte.name}_batch"
        return self._standardised(self._with_values(value).assign(**{name: batch}))

    def permuted(self, rng: np.random.Generator) -> pd.DataFrame:
        """Return the table with measurements dealt out anew within batch, visit, sex and decade."""
        analyte = self.study.analyte
        age = self.people["age"].to_numpy(float)
        strata = pd.DataFrame({
            "batch": self.people["batch"], "female": self.people["female"],
            "decade": np.floor(age / 10), "visit": self.table["visit"].to_numpy(str),
            "measured": self.measured,
        })  # fmt: skip
        code = strata.groupby(list(strata), dropna=False).ngroup().to_numpy()
        # One cycle through each stratum in random order: nobody keeps a value who could pass it on.
        to = np.lexsort((rng.random(len(code)), code))
        first = np.r_[True, code[to][1:] != code[to][:-1]]
        last = np.r_[first[1:], True]
        origin = np.roll(to, 1)
        origin[first] = to[last]
        columns = [analyte.converted, analyte.below_lod, analyte.limit]
        moved = {}
        for name in columns:
            values = self.table[name].to_numpy()
            dealt = values.copy()
            dealt[to] = values[origin]
            moved[name] = dealt
        return self._standardised(self.table.assign(**moved))

    def _level(self, scores: FloatArray) -> FloatArray:
        curve = self.learned.curve
        assert curve is not None
        age, female = (self.people[name].to_numpy(float) for name in ("age", "female"))
        return curve.centile(ndtr(scores), age, female)

    def _with_values(self, value: FloatArray) -> pd.DataFrame:
        """Return the table with concentrations where there are some, told apart by the limit."""
        analyte = self.study.analyte
        value = np.where(self.measured, value, np.nan)
        limit = self.people["lod"].to_numpy(float)
        with np.errstate(invalid="ignore"):
            below = value < limit
        return self.table.assign(**{analyte.converted: value, analyte.below_lod: below})

    def _standardised(self, table: pd.DataFrame) -> pd.DataFrame:
        return add_sds(table, self.study, self.cohort)[0]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A cohort as a world made it: its participants, and the people at their first visit."""

    ground: Ground
    table: pd.DataFrame

    @cached_property
    def data(self) -> CohortData:
        """The people at the first visit, ready for questions."""
        return data_of(self.table, self.ground.study, self.ground.cohort)


def _asked_by_rules(study: Study) -> set[str]:
    """Return the columns by which the people of subsets are chosen."""
    names = {rule.variable for subset in study.subsets for rule in subset.rules}
    return names | ({"dx_subtype"} if "diagnosis" in names else set())


def ground_of(table: pd.DataFrame, study: Study, cohort: Cohort) -> Ground:
    """Return what stays the same in every world of a cohort.

    Raises
    ------
    NotEstimable
        If the analyte was not measured, or there is no reference curve to measure it by.
    """
    alone = study.model_copy(update={
        "cohorts": [cohort], "imputation": study.imputation.model_copy(update={"m": 0}),
    })  # fmt: skip
    name = study.analyte.name
    unused = {*_NOT_JUDGED, *(f"{name}_{one}" for one in _NOT_JUDGED_OF_ANALYTE)}
    table = table.drop(columns=list(unused - _asked_by_rules(study)), errors="ignore")
    scored, people, learned = add_sds(table, alone, cohort)
    if learned is None:
        raise NotEstimable(f"{study.analyte.label} was not measured in this cohort")
    if learned.curve is None:
        raise NotEstimable(learned.curve_failure)
    return Ground(scored, people, learned, data_of(scored, alone, cohort), alone, cohort)


def data_of(table: pd.DataFrame, study: Study, cohort: Cohort) -> CohortData:
    """Return the people at the first visit, without imputed values."""
    nothing = Completed((), {}, None, "worlds are judged by complete cases", {})
    return CohortData(people_at_baseline(table, study), nothing, study, cohort)
