"""What predicts a variable with gaps beyond the variables themselves.

Takes the variables of a cohort; gives the products, the spline and the cumulative hazards that the
study's models imply, and to every variable with gaps the predictors that it has people for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from igfmood.config.base import normal_code
from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.impute.hazard import CumulativeHazard, nelson_aalen
from igfmood.impute.variables import CATEGORICAL, FloatArray, Passive, Variable
from igfmood.splines import rcs_basis, rcs_knots

#: Outcomes whose time counts: columns that say whether each came about.
EVENTS = ("incident_depression", "incident_bipolar")
TIME, ENTRY = "followup_years", "entry_years"
#: x and y of the models in which the slope of y on the score changes with x.
MODERATED = (
    ("stress_score", "phq9_total"), ("treatment", "response"), ("sex", "phq9_total"),
    ("sex", "diagnosis"),
)  # fmt: skip
#: People that a model must have for each of its columns before a product or a spline enters. A
#: column too many costs precision, one too few biases (Vittinghoff & McCulloch 2007, Am J
#: Epidemiol 165:710-718, on relaxing the rule of ten).
PEOPLE_PER_COLUMN = 5

Columns = Mapping[str, FloatArray]


@dataclass(frozen=True)
class Coded:
    """A variable, and the columns that stand for it in a product.

    Parameters
    ----------
    name
        The variable.
    width
        Number of columns.
    codes
        Values to columns, shape (rows,) to (rows, width).
    """

    name: str
    width: int
    codes: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Term:
    """A passive column, and the variables it is a predictor of.

    Parameters
    ----------
    passive
        The column, or several.
    width
        How many.
    of
        The variables it predicts; all that it is not computed from if empty.
    """

    passive: Passive
    width: int
    of: tuple[str, ...] = ()

    def predicts(self, name: str) -> bool:
        """Return whether it is a predictor of that variable."""
        return name not in self.passive.inputs and (not self.of or name in self.of)


def score_knots(people: pd.DataFrame, study: Study) -> FloatArray | None:
    """Return the knots of a spline in the score, in imputation and models; None for too few."""
    try:
        return rcs_knots(people[study.analyte.sds].dropna().to_numpy(float), study.shape.knots)
    except NotEstimable:
        return None


def with_predictors(
    variables: Sequence[Variable], score: str, knots: FloatArray | None, drug: Coded | None
) -> tuple[list[Variable], list[Passive]]:
    """Give every variable with gaps its predictors.

    Parameters
    ----------
    variables : sequence of Variable
        Of one cohort.
    score : str
        Name of the analyte's score.
    knots : ndarray or None
        Knots of its spline, fixed before anything is imputed; None for no spline.
    drug : Coded or None
        Treatment against the control arm, from `against_control`.

    Returns
    -------
    variables : list of Variable
        With `predictors` where there are gaps.
    passive : list of Passive
        Columns that predict at least one of them.

    Notes
    -----
    A variable imputed without a term of the model it is for takes from that term: what is filled in
    follows a plane, and draws interactions and curves towards it. Where y depends on the score, on
    x and on their product, whatever else is missing follows from y and that product; a missing
    score from the product of x and y, a missing x from that of score and y. The terms are those of
    the study's models: score by stress, by drug and by sex, and the restricted cubic spline of the
    score, which stands for its tails and its square too. The spline cannot predict the score
    itself: where the relation is a U, scores are drawn along a line.

    Products and spline enter the model of a variable in this order, each if the model has
    `PEOPLE_PER_COLUMN` people a column with it; of categories, only people outside the most
    frequent one count. In a small cohort the variables alone predict.

    Time to event predicts as the cumulative hazard gathered from entry to exit, a column for each
    event beside the event itself, and no longer as time.

    References
    ----------
    White IR, Royston P, Wood AM (2011). Stat Med 30:377-399.
    Seaman SR, Bartlett JW, White IR (2012). BMC Med Res Methodol 12:46.
    White IR, Royston P (2009). Stat Med 28:1982-1998.
    """
    known = {one.name: one for one in variables}
    hazards = list(_hazards(known))
    terms = list(_products(known, score, drug))
    if score in known and knots is not None:
        curve = Passive(f"{score} spline", (score,), partial(_curve, name=score, knots=knots))
        terms.append(Term(curve, len(knots) - 2))
    idle = {TIME, ENTRY} if hazards else {ENTRY}
    plain = [one for one in variables if one.name not in idle]
    found = [
        replace(one, predictors=_predictors(one, plain, hazards, terms))
        if one.missing_rows.size else one
        for one in variables
    ]  # fmt: skip
    used = {name for one in found for name in one.predictors or ()}
    passive = [term.passive for term in (*hazards, *terms)]
    return found, [column for column in passive if column.name in used]


def _predictors(
    variable: Variable, plain: Sequence[Variable], hazards: Sequence[Term], terms: Sequence[Term]
) -> tuple[str, ...]:
    """Return the other variables, the hazards, and the terms there are people for."""
    others = [one for one in plain if one is not variable]
    chosen = [one.name for one in others]
    chosen += [term.passive.name for term in hazards if term.predicts(variable.name)]
    columns = sum(_coded(one).width for one in others) + len(chosen) - len(others)
    people = _informative(variable)
    for term in terms:
        room = people >= PEOPLE_PER_COLUMN * (columns + term.width)
        if room and term.predicts(variable.name):
            chosen.append(term.passive.name)
            columns += term.width
    return tuple(chosen)


def _informative(variable: Variable) -> int:
    """Return how many people the model of a variable learns from."""
    if variable.kind in CATEGORICAL:
        counts = np.bincount(variable.observed.astype(np.intp))
        return int(counts.sum() - counts.max())
    limits = variable.upper_limit
    return variable.observed.size + (0 if limits is None else int((~np.isnan(limits)).sum()))


def against_control(arms: pd.Series, control_arm: str | None) -> Coded | None:
    """Return treatment as drug (1) or control arm (0), by the codes of the sorted arms.

    None where no control arm is named, or nobody or everybody is in it.
    """
    words = sorted(arms.dropna().unique())
    drug = np.array([normal_code(arm) != normal_code(control_arm or "") for arm in words], float)
    if control_arm is None or drug.size == 0 or drug.min() == drug.max():
        return None
    return Coded("treatment", 1, lambda codes: drug[codes.astype(np.intp)][:, None])


def _coded(variable: Variable) -> Coded:
    """Return a variable as it stands among the predictors: a number, or indicators of codes."""
    if variable.kind not in CATEGORICAL:
        return Coded(variable.name, 1, lambda values: values[:, None])
    later = np.arange(1, variable.n_categories)
    return Coded(variable.name, later.size, lambda codes: (codes[:, None] == later).astype(float))


def _products(known: Mapping[str, Variable], score: str, drug: Coded | None) -> Iterator[Term]:
    """Yield the products of the models: of each two of score, x and y."""
    code = {name: _coded(one) for name, one in known.items() if name != "treatment"}
    if drug is not None and "treatment" in known:
        code["treatment"] = drug
    pairs = [(x, y) for x, y in MODERATED if {score, x, y} <= set(code)]
    for outcome in dict.fromkeys(y for _, y in pairs):
        others = tuple(x for x, y in pairs if y == outcome)
        yield _product(code[score], code[outcome], of=others)
    for x, y in pairs:
        yield _product(code[x], code[y], of=(score,))
    for x in dict.fromkeys(x for x, _ in pairs):
        yield _product(code[score], code[x])


def _product(one: Coded, other: Coded, of: tuple[str, ...] = ()) -> Term:
    """Return every column of one times every column of the other."""

    def columns(values: Columns) -> FloatArray:
        left, right = one.codes(values[one.name]), other.codes(values[other.name])
        return (left[:, :, None] * right[:, None, :]).reshape(len(left), -1)

    names = (one.name, other.name)
    return Term(Passive(" x ".join(names), names, columns), one.width * other.width, of)


def _curve(columns: Columns, name: str, knots: FloatArray) -> FloatArray:
    """Return the terms of the spline beyond the line."""
    return rcs_basis(columns[name], knots)[:, 1:]


def _hazards(known: Mapping[str, Variable]) -> Iterator[Term]:
    """Yield the cumulative hazard of each event; none where an exit is not after its entry."""
    inputs = tuple(name for name in (TIME, ENTRY) if name in known)
    if TIME not in inputs:
        return
    for name in EVENTS:
        if name not in known:
            continue
        rows = ~np.isnan(known[name].values) & ~np.isnan(known[TIME].values)
        leaves = known[TIME].values[rows]
        enters = known[ENTRY].values[rows] if ENTRY in inputs else np.zeros(leaves.size)
        try:
            # At risk from before the first event on, also who is seen once: as without late entry.
            hazard = nelson_aalen(
                leaves, known[name].values[rows] == 1, np.where(enters > 0, enters, -1.0)
            )
        except (NotEstimable, ValueError):
            continue
        gathered = partial(_gathered, hazard=hazard)
        yield Term(Passive(f"{name} hazard", inputs, gathered), 1)


def _gathered(columns: Columns, hazard: CumulativeHazard) -> FloatArray:
    """Return the cumulative hazard from entry to exit."""
    enters = columns.get(ENTRY, np.zeros(len(columns[TIME])))
    return hazard.between(np.where(enters > 0, enters, -1.0), columns[TIME])
