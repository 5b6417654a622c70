"""From concentration to standard deviation score: everything that is learned, in one object.

Takes people with concentration, detection limit, age, sex, batch and group; learns what stands for
values below the limit, the correction between batches and the reference curve from some of them;
gives scores for any of them. `fit` sees training people only; `transform` uses no diagnosis.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from igfmood.config.measurement import Normalise
from igfmood.config.study import Analyte
from igfmood.errors import NotEstimable
from igfmood.normalise.batch import BatchModel, fit_batch
from igfmood.normalise.censoring import CensoredFit, expected_below, fit_censored, substitute
from igfmood.normalise.curves.choose import fit_reference
from igfmood.normalise.curves.curve import Curve, ReferenceSettings
from igfmood.splines import rcs_basis, rcs_knots

#: Columns of the people that a standardiser learns from and scores.
COLUMNS = ("value", "lod", "below", "age", "female", "batch", "group", "reference")
#: Knots of the age spline that batches and censoring are adjusted for.
_KNOTS = 4
#: Below this many people age is a straight line.
_SPLINE_FROM = 60
#: Largest share of reference people below the detection limit behind a fitted curve. Something
#: stands for them as if it had been measured; against the curve of complete data (18 to 80 years,
#: 200 to 400 people, SD of the logarithm 0.28) that moves the SDS of those above the limit by 0.05
#: on average with 5 % below it, 0.12 with 30 %, 0.2 with 40 %, 0.35 with 50 %.
MAX_REFERENCE_BELOW = 0.3
#: So far beyond the ages of the reference people, in steps of the root of age, a fitted curve is
#: held at its end: 9 years at 80, 6 at 40, 3 at 10. Beyond it nobody has a score.
REACH = 0.5


def people_of(table: pd.DataFrame, analyte: Analyte, reference: np.ndarray) -> pd.DataFrame:
    """Return what a standardiser needs of a participants table.

    Parameters
    ----------
    table
        Participants, n rows.
    analyte
        The study's analyte.
    reference
        Who may be behind the reference curve, bool, shape (n,).

    Returns
    -------
    DataFrame, shape (n, 8)
        The columns `COLUMNS`: value (study's unit, missing below the limit), lod, below (bool),
        age (years), female (1, 0), batch (text, empty if unknown), group (diagnosis), reference.
    """
    below = table[analyte.below_lod].to_numpy(bool)
    female = table["sex"].map({"female": 1.0, "male": 0.0})
    batch = table[f"{analyte.name}_batch"].astype(object)
    return pd.DataFrame(
        {
            "value": table[analyte.converted].mask(below).to_numpy(float),
            "lod": table[analyte.limit].to_numpy(float),
            "below": below,
            "age": table["age_years"].to_numpy(float),
            "female": female.to_numpy(float, na_value=np.nan),
            "batch": batch.where(batch.notna(), "").to_numpy(str),
            "group": table["diagnosis"].to_numpy(str),
            "reference": reference,
        }
    )


@dataclass(frozen=True)
class AgeSex:
    """Design of age and sex: intercept, sex, and a spline (or line) in age.

    People beyond the ages of the training people are taken to the nearest of them; unknown age or
    sex counts as the training mean, so that nobody is lost for a small adjustment.
    """

    knots: np.ndarray
    limits: tuple[float, float]
    mean_age: float
    mean_female: float

    def design(self, people: pd.DataFrame) -> np.ndarray:
        """Return the design, shape (n, p)."""
        age, female = _numbers(people, "age"), _numbers(people, "female")
        age = np.where(np.isnan(age), self.mean_age, age).clip(*self.limits)
        female = np.where(np.isnan(female), self.mean_female, female)
        curve = rcs_basis(age, self.knots) if len(self.knots) else age[:, None]
        return np.column_stack([np.ones(len(age)), female - self.mean_female, curve])

    def coarse(self, ages: tuple[float, float]) -> "AgeSex":
        """Return the design between other ages, with knots and means that are nobody's own."""
        knots = np.unique(np.round(self.knots))
        return AgeSex(
            knots if len(knots) == len(self.knots) else np.empty(0), ages,
            round(self.mean_age), round(self.mean_female, 1),
        )  # fmt: skip

    def with_groups(self, people: pd.DataFrame) -> np.ndarray:
        """Return the design with a column for each diagnosis after the first, shape (n, p)."""
        group = words(people, "group")
        names = sorted(set(people["group"].unique()))
        columns = [(group == name).astype(float)[:, None] for name in names[1:]]
        return np.hstack([self.design(people), *columns])


def fit_age_sex(people: pd.DataFrame) -> AgeSex:
    """Choose knots and limits from training people."""
    age, female = _numbers(people, "age"), _numbers(people, "female")
    age, female = age[~np.isnan(age)], female[~np.isnan(female)]
    if not len(age):
        return AgeSex(np.empty(0), (0.0, 0.0), 0.0, 0.0)
    return AgeSex(
        _knots(age), (float(age.min()), float(age.max())), float(age.mean()),
        float(female.mean()) if len(female) else 0.0,
    )  # fmt: skip


def words(people: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column of words without gaps as str, shape (n,); by its different words, few."""
    codes, found = pd.factorize(people[name])
    return np.asarray(found.to_numpy(str)[codes])


def _numbers(people: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as floats, missing values NaN, shape (n,)."""
    return people[name].to_numpy(float)


def _knots(age: np.ndarray) -> np.ndarray:
    """Return knots of the spline, none where people or different ages are too few for it."""
    if len(age) >= _SPLINE_FROM:
        try:
            return rcs_knots(age, _KNOTS)
        except NotEstimable:
            pass
    return np.empty(0)


@dataclass(frozen=True)
class Standardised:
    """What one set of training people taught.

    Parameters
    ----------
    curve
        The reference curve, None where there is none (`curve_failure` says why).
    batch
        Correction between batches, None where there is none (`batch_note` says why).
    censored
        Model of values below the limit, None where the limit over root 2 stands for them.
    age_sex
        Design that the censored model is evaluated on.
    reference_below
        How many of those behind a fitted curve are below the detection limit.
    ages
        Youngest and oldest of those behind a fitted curve, by sex (0, 1); none of a published one,
        which knows its own ages.
    """

    curve: Curve | None
    curve_failure: str
    batch: BatchModel | None
    batch_note: str
    censored: CensoredFit | None
    censored_note: str
    age_sex: AgeSex
    reference_below: int = 0
    ages: Mapping[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def below_limit(self) -> str:
        """What stands for values below the limit, as `normalise.below_limit` calls it."""
        return "lod_sqrt2" if self.censored is None else "censored_likelihood"

    def filled(self, people: pd.DataFrame) -> np.ndarray:
        """Return concentrations with something standing for those below the limit, shape (n,)."""
        return _filled(people, self.censored, self.age_sex)

    def harmonised(self, people: pd.DataFrame) -> np.ndarray:
        """Return concentrations on the level of the average batch, shape (n,)."""
        value = self.filled(people)
        if self.batch is None:
            return value
        return self.batch.correct(value, words(people, "batch"))

    def transform(self, people: pd.DataFrame) -> np.ndarray:
        """Return scores, shape (n,); missing where value, age, sex or the curve is missing.

        Of people beyond the ages of the reference people it is the score at the nearest of them,
        which `outside` tells.
        """
        if self.curve is None:
            return np.full(len(people), np.nan)
        age, female = people["age"].to_numpy(float), people["female"].to_numpy(float)
        return self.curve.sds(self.harmonised(people), age, female)

    def outside(self, people: pd.DataFrame, margin: float = 0.0) -> np.ndarray:
        """Return who is so far beyond the ages of the reference people of their sex, shape (n,).

        Parameters
        ----------
        people
            Columns age and female.
        margin
            In steps of the root of age: `REACH` for those whose score says nothing.
        """
        age, female = people["age"].to_numpy(float), people["female"].to_numpy(float)
        found = np.zeros(len(people), dtype=bool)
        for sex, (low, high) in self.ages.items():
            step = np.maximum(np.sqrt(low) - np.sqrt(age), np.sqrt(age) - np.sqrt(high))
            found |= (female == sex) & (step > margin)
        return found

    def limits(self, people: pd.DataFrame) -> np.ndarray:
        """Return the score at the detection limit of those below it, missing elsewhere, (n,)."""
        at_limit = people.assign(
            value=people["lod"].where(people["below"]), below=np.zeros(len(people), dtype=bool)
        )
        return self.transform(at_limit)


@dataclass(frozen=True)
class Release:
    """What must hold of everything that is learned where it is to leave the study.

    Parameters
    ----------
    ages
        Ages, years, that stand for the youngest and the oldest person.
    fewest
        People behind each number at least.
    """

    ages: tuple[float, float]
    fewest: int


@dataclass(frozen=True)
class Standardiser:
    """How to learn; `fit` does it.

    Parameters
    ----------
    settings
        The study's `normalise`.
    min_people
        Fewer reference people than this give no curve.
    published
        Published curve that is used instead of a fitted one.
    min_of_sex
        A sex with fewer reference people than this has no curve.
    release
        What is learned is to leave the study.
    """

    settings: Normalise
    min_people: int
    published: Curve | None = None
    min_of_sex: int = 10
    release: Release | None = None

    def fit(self, people: pd.DataFrame) -> Standardised:
        """Learn from training people (columns `COLUMNS`)."""
        age_sex = fit_age_sex(people)
        if self.release is not None:
            age_sex = age_sex.coarse(self.release.ages)
        censored, censored_note = self._fit_censored(people, age_sex)
        value = _filled(people, censored, age_sex)
        batch, batch_note = self._fit_batch(people, value, age_sex)
        level = value if batch is None else batch.correct(value, words(people, "batch"))
        if self.published is not None:
            return Standardised(
                self.published, "", batch, batch_note, censored, censored_note, age_sex
            )
        behind = _behind_curve(people)
        below = people["below"].to_numpy(bool)[behind]
        curve, failure = self._fit_curve(people, level, below)
        age, female = (_numbers(people, name)[behind] for name in ("age", "female"))
        of_sex = {sex: age[female == sex] for sex in (0, 1)}
        ages = {sex: (float(a.min()), float(a.max())) for sex, a in of_sex.items() if len(a)}
        return Standardised(
            curve, failure, batch, batch_note, censored, censored_note, age_sex,
            int(below.sum()), ages,
        )  # fmt: skip

    def _fit_censored(
        self, people: pd.DataFrame, age_sex: AgeSex
    ) -> tuple[CensoredFit | None, str]:
        if self.settings.below_limit == "lod_sqrt2" or not people["below"].any():
            return None, ""
        use = (people["below"] | people["value"].notna()).to_numpy(bool)
        found = people[use]
        try:
            return fit_censored(
                found["value"].to_numpy(float), found["lod"].to_numpy(float),
                found["below"].to_numpy(bool), age_sex.design(found),
            ), ""  # fmt: skip
        except NotEstimable as error:
            return None, f"the censored regression is not estimable: {error.reason}"

    def _fit_batch(
        self, people: pd.DataFrame, value: np.ndarray, age_sex: AgeSex
    ) -> tuple[BatchModel | None, str]:
        if self.settings.batch == "none":
            return None, "not asked for"
        if len(set(people["batch"].unique()) - {""}) < 2:
            return None, "one batch, or batches not named"
        batch = words(people, "batch")
        use = np.isfinite(value)
        fewest = self.release.fewest if self.release else 1
        protected = age_sex.with_groups(people[use])
        try:
            return fit_batch(
                value[use], batch[use], protected,
                min_size=max(self.settings.batch_size, fewest),
            ), ""  # fmt: skip
        except NotEstimable as error:
            return None, error.reason

    def _fit_curve(
        self, people: pd.DataFrame, level: np.ndarray, below: np.ndarray
    ) -> tuple[Curve | None, str]:
        """Fit the curve, unless too many of those behind it are below the limit."""
        use = people["reference"].to_numpy(bool)
        ours = self.settings.reference
        settings = ReferenceSettings(
            method=ours.method, nu=ours.nu, smoothing=ours.smoothing,
            min_people=self.min_people, min_of_sex=self.min_of_sex,
            ages=self.release.ages if self.release else None,
            min_of_band=self.release.fewest if self.release else 1,
        )  # fmt: skip
        share = below.mean() if len(below) else 0.0
        if share > MAX_REFERENCE_BELOW:
            return None, (
                f"too many reference people are below the detection limit: {share:.0%} > "
                f"{MAX_REFERENCE_BELOW:.0%}, and a curve through what stands for them holds nowhere"
            )
        try:
            return fit_reference(
                level[use], people["age"].to_numpy(float)[use],
                people["female"].to_numpy(float)[use], settings,
            ), ""  # fmt: skip
        except NotEstimable as error:
            return None, error.reason


def _behind_curve(people: pd.DataFrame) -> np.ndarray:
    """Return which reference people have age, sex and concentration, or limit, bool, (n,)."""
    value, age, female = (_numbers(people, name) for name in ("value", "age", "female"))
    measured = people["below"].to_numpy(bool) | ~np.isnan(value)
    return people["reference"].to_numpy(bool) & measured & ~np.isnan(age) & ~np.isnan(female)


def _filled(people: pd.DataFrame, censored: CensoredFit | None, age_sex: AgeSex) -> np.ndarray:
    value = people["value"].to_numpy(float).copy()
    below = people["below"].to_numpy(bool)
    if not below.any():
        return value
    limit = people["lod"].to_numpy(float)[below]
    value[below] = (
        substitute(limit)
        if censored is None
        else expected_below(censored, limit, age_sex.design(people[below]))
    )
    return value
