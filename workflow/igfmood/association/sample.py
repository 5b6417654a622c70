"""Who answers a question: rows, score of the analyte, covariates.

Takes a cohort's people, the completed copies of their table, and a specification (adjustment,
population, scale of the analyte, what is done about missing values); gives samples for a model.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from igfmood.association.design import centred, complete_rows, require_analyte
from igfmood.cohort.rules import rule_met
from igfmood.config.analysis import ALL, Subset
from igfmood.config.cohort import Cohort
from igfmood.config.study import Study
from igfmood.config.vocabulary import VARIABLES
from igfmood.errors import NotEstimable
from igfmood.impute.participants import Completed
from igfmood.impute.terms import score_knots

IMPUTED, COMPLETE = "imputed", "complete_cases"


@dataclass(frozen=True)
class Specification:
    """One way to estimate: every choice that could have been made otherwise.

    Parameters
    ----------
    adjustment
        Name of the covariate tier.
    population
        ``all``, or the name of a subset.
    exposure
        ``sds`` or ``log``.
    missing
        ``imputed`` or ``complete_cases``.
    """

    adjustment: str
    population: str = ALL
    exposure: str = "sds"
    missing: str = IMPUTED


@dataclass(frozen=True, eq=False)
class SurveyDesign:
    """Weights, strata and sampling units of all people of the cohort, and who is in the sample."""

    weights: np.ndarray
    strata: np.ndarray | None
    psu: np.ndarray | None
    rows: np.ndarray


@dataclass(eq=False)
class Values:
    """The columns of one table as arrays; those without gaps are shared with the table as given.

    Parameters
    ----------
    table
        People, as given or completed.
    given
        Values of the table as given; None for that table itself.
    filled
        Columns in which this table differs from it.
    """

    table: pd.DataFrame
    given: "Values | None" = None
    filled: frozenset[str] = frozenset()
    _columns: dict[str, np.ndarray] = field(default_factory=dict)
    _coded: dict[str, np.ndarray] = field(default_factory=dict)

    def column(self, name: str) -> np.ndarray:
        """Return a column: numbers as floats, flags as 0 and 1, words as objects; shape (n,)."""
        if self.given is not None and name not in self.filled:
            return self.given.column(name)
        if name not in self._columns:
            column = self.table[name]
            words = name in VARIABLES and VARIABLES[name].kind in ("category", "text")
            self._columns[name] = (
                column.to_numpy(object) if words or name == "diagnosis"
                else column.astype("Float64").to_numpy(float, na_value=np.nan)
            )  # fmt: skip
        return self._columns[name]

    def coded(self, name: str) -> np.ndarray:
        """Return a covariate as columns of numbers, one for each category; shape (n, k)."""
        if self.given is not None and name not in self.filled:
            return self.given.coded(name)
        if name not in self._coded:
            values = self.column(name)
            kinds = VARIABLES[name].categories if VARIABLES[name].kind == "category" else ()
            self._coded[name] = (
                np.column_stack([(values == kind).astype(float) for kind in kinds])
                if kinds else values[:, None]
            )  # fmt: skip
        return self._coded[name]


@dataclass(frozen=True, eq=False)
class Sample:
    """People without missing values, ready for a model.

    Parameters
    ----------
    values, rows
        Columns of everybody, and who is in the sample (positions, shape (n,)).
    score
        Score of the analyte, shape (n,).
    covariates
        Shape (n, p), without intercept.
    knots
        Knots for a spline of the score, the same in every completed table.
    study, cohort
        The configuration.
    survey
        The survey's design where the cohort has one and it is used.
    firth
        Whether a logistic regression is Firth's in any case, because another completed table
        separates.
    exposure
        Scale of the score: ``sds`` or ``log``.
    """

    values: Values
    rows: np.ndarray
    score: np.ndarray
    covariates: np.ndarray
    knots: np.ndarray | None
    study: Study
    cohort: Cohort
    survey: SurveyDesign | None = None
    firth: bool = False
    exposure: str = "sds"

    def __len__(self) -> int:
        """Return how many people there are."""
        return len(self.rows)

    def has(self, name: str) -> bool:
        """Return whether the cohort has a column."""
        return name in self.values.table

    def column(self, name: str) -> np.ndarray:
        """Return a column of the sample: floats, or objects for words; shape (n,)."""
        return self.values.column(name)[self.rows]

    def is_any(self, name: str, words: Sequence[str]) -> np.ndarray:
        """Return whose word is one of these (bool, shape (n,))."""
        found = self.column(name)
        return np.logical_or.reduce([found == word for word in words])

    @property
    def weights(self) -> np.ndarray | None:
        """Survey weights of the sample, shape (n,); None where there are none."""
        return None if self.survey is None else self.survey.weights[self.rows]

    @property
    def unweighted(self) -> str:
        """What the method says where a model cannot use the survey's weights."""
        return "; survey weights not used" if self.survey is not None else ""

    def design(self, *columns: np.ndarray) -> np.ndarray:
        """Return intercept, the given columns and the covariates, shape (n, 1 + k + p)."""
        return np.column_stack([np.ones(len(self)), *columns, self.covariates])


@dataclass(frozen=True, eq=False)
class CohortData:
    """One cohort at the first visit, with what later visits say of its outcomes.

    Parameters
    ----------
    people
        One row per person, values as they were given.
    completed
        Copies of the table without gaps in the imputed columns.
    study, cohort
        The configuration.
    """

    people: pd.DataFrame
    completed: Completed
    study: Study
    cohort: Cohort
    _members: dict[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def knots(self) -> np.ndarray | None:
        """Knots of a spline in the score, None where there are too few scores."""
        return score_knots(self.people, self.study)

    def subset(self, name: str) -> Subset | None:
        """Return the subset of that name; None for everybody."""
        return next((one for one in self.study.subsets if one.name == name), None)

    def members(self, population: str) -> np.ndarray:
        """Return who belongs to a population (bool, shape (n,)).

        Raises
        ------
        NotEstimable
            If the cohort does not know what the subset's rules are about.
        """
        if population not in self._members:
            self._members[population] = self._find(population)
        return self._members[population].copy()

    def _find(self, population: str) -> np.ndarray:
        subset = self.subset(population)
        keep = np.ones(len(self.people), dtype=bool)
        if subset is None:
            return keep
        for rule in subset.rules:
            if rule.variable != "analyte":
                _require_known(self.people, rule.variable)
            keep &= rule_met(self.people, rule, self.study.analyte)
        if subset.cases_only:
            keep |= (self.people["diagnosis"] == "control").to_numpy(bool)
        if subset.women_only and "sex" in self.people:
            keep |= (self.people["sex"] == "male").to_numpy(bool)
        if subset.within_percentiles is not None:
            scores = self.people[self.study.analyte.sds].to_numpy(float)
            if np.isnan(scores).all():
                return keep
            low, high = np.nanpercentile(scores, subset.within_percentiles)
            keep &= ~((scores < low) | (scores > high))
        return keep

    def samples(
        self, specification: Specification, observed: Sequence[str], used: Sequence[str],
        among: np.ndarray | None = None,
    ) -> Iterator[Sample]:  # fmt: skip
        """Yield the sample of every completed table, or one where no value in use was imputed.

        Parameters
        ----------
        specification
            How to estimate.
        observed
            Columns that a person must have as observed (outcomes are not imputed). So must be the
            score of the analyte, unless it is among those used; below the detection limit it
            counts as observed.
        used
            Further columns of the model, imputed where they were missing. What the model holds
            already, as its outcome or in a term of its own, is no covariate of it.
        among
            Who may answer (bool, shape (n,)); everybody if not given.

        Raises
        ------
        NotEstimable
            If a column is not in the cohort.
        """
        study = self.study
        require_analyte(self.people, study)
        covariates = [
            name for name in study.covariate_tiers[specification.adjustment]
            if name not in (*observed, *used)
        ]  # fmt: skip
        score = study.analyte.sds if specification.exposure == "sds" else study.analyte.log_score
        needed = [*observed, *([] if score in used else [score])]
        needed += ["weight_survey"] if self._weighted else []
        others = [name for name in (*used, *covariates) if name not in needed]
        keep = self.members(specification.population)
        keep &= complete_rows(self.people, [*needed, *others]) if (
            specification.missing == COMPLETE
        ) else self._usable(needed, others)  # fmt: skip
        if among is not None:
            keep &= among
        if self._weighted:
            keep &= (self.people["weight_survey"] > 0).to_numpy(bool)
        filled = self.completed.filled
        in_use = [filled[name][keep] for name in (*needed, *others) if name in filled]
        several = specification.missing == IMPUTED and any(mask.any() for mask in in_use)
        rows = np.flatnonzero(keep)
        none = np.empty((len(keep), 0))
        for values in self.tables if several else (self.given,):
            yield Sample(
                values, rows, values.column(score)[rows],
                centred(np.hstack([none, *map(values.coded, covariates)])[rows]),
                self.knots if specification.exposure == "sds" else None, study, self.cohort,
                self.survey_design(keep), exposure=specification.exposure,
            )  # fmt: skip

    @cached_property
    def given(self) -> Values:
        """The people's values as they were given."""
        return Values(self.people)

    @cached_property
    def tables(self) -> tuple[Values, ...]:
        """The values of every completed table."""
        filled = frozenset(self.completed.filled)
        return tuple(Values(table, self.given, filled) for table in self.completed.tables)

    def _usable(self, observed: Sequence[str], others: Sequence[str]) -> np.ndarray:
        """Return who has what must be observed, and whose other gaps are filled."""
        gaps = [name for name in others if name not in self.completed.filled]
        return complete_rows(self.people, [*observed, *gaps])

    @property
    def _weighted(self) -> bool:
        return self.cohort.survey == "design" and "weight_survey" in self.people

    def survey_design(self, rows: np.ndarray) -> SurveyDesign | None:
        """Return the survey's design for a sample (bool, shape (n,)), None if there is none."""
        if not self._weighted:
            return None
        weights, strata, psu = self._survey
        return SurveyDesign(weights, strata, psu, rows & (weights > 0))

    @cached_property
    def _survey(self) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
        """Weights, strata and sampling units of everybody, shape (n,)."""
        people = self.people
        strata, psu = (
            people[name].fillna("").to_numpy(str) if name in people else None
            for name in ("stratum_survey", "psu_survey")
        )
        return people["weight_survey"].fillna(0.0).to_numpy(float), strata, psu


def _require_known(people: pd.DataFrame, name: str) -> None:
    if name not in people or people[name].isna().all():
        raise NotEstimable(f"{name} is not in this cohort")
