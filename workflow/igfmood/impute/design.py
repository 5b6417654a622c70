"""How the variables of a table become the columns of one numeric design.

Takes: checked variables and passive columns.
Gives: which design columns hold what, on which scale, and what predicts what; shared by all chains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from igfmood.impute.variables import (
    CATEGORICAL,
    FloatArray,
    IndexArray,
    Passive,
    Variable,
)


@dataclass(frozen=True, eq=False)
class Target:
    """One variable with gaps, and its place in the design.

    Attributes
    ----------
    variable : Variable
    columns : slice
        Design columns that hold it.
    predictors : ndarray of int
        Design columns of its model, the intercept (0) first.
    missing : ndarray of int
        Rows to impute.
    fitted : ndarray of int
        Rows the model is fitted on: observed, and below a limit.
    censored, unknown : ndarray of int
        Positions within `missing` of rows below a limit, and of rows about which nothing is known.
    passive : tuple of int
        Passive columns to renew, as positions in `Design.passive`.
    """

    variable: Variable
    columns: slice
    predictors: IndexArray
    missing: IndexArray
    fitted: IndexArray
    censored: IndexArray
    unknown: IndexArray
    passive: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Design:
    """The design that all chains start from.

    Attributes
    ----------
    variables : tuple of Variable
    passive : tuple of Passive
    labels : tuple of str
        Name of every design column; ``sex[1]`` is the indicator of code 1, ``spline[0]`` the
        first of several passive columns.
    slices : dict of str to slice
        Design columns of every variable and passive column.
    centre, scale : ndarray, shape (q,)
        Every column is ``(value - centre) / scale``.
    observed : ndarray, shape (n, q)
        Scaled design with 0 for what is missing.
    complete_gram : ndarray, shape (q, q)
        Cross-products of the rows in which nothing is missing.
    incomplete : ndarray of int
        The other rows.
    targets : tuple of Target
        Variables with gaps, those with the fewest first.
    """

    variables: tuple[Variable, ...]
    passive: tuple[Passive, ...]
    labels: tuple[str, ...]
    slices: dict[str, slice]
    centre: FloatArray
    scale: FloatArray
    observed: FloatArray
    complete_gram: FloatArray
    incomplete: IndexArray
    targets: tuple[Target, ...]

    def coded(self, name: str, values: FloatArray) -> FloatArray:
        """Scaled design columns of a variable or passive column, shape (rows, k)."""
        place = self.slices[name]
        width = place.stop - place.start
        variable = next((v for v in self.variables if v.name == name), None)
        if variable is not None and variable.kind in CATEGORICAL:
            raw = (values[:, None] == np.arange(1, width + 1)).astype(float)
        else:
            raw = values.reshape(len(values), width)
        return (raw - self.centre[place]) / self.scale[place]


def build_design(variables: Sequence[Variable], passive: Sequence[Passive]) -> Design:
    """Lay out the design and check that every model can be fitted.

    Parameters
    ----------
    variables : sequence of Variable, each of n rows
    passive : sequence of Passive

    Returns
    -------
    Design

    Raises
    ------
    ValueError
        Names used twice or not known, columns of different length, a variable predicted by
        itself or by a passive column computed from it.
    NotEstimable
        As `Variable.require_estimable`.
    """
    _check_names(variables, passive)
    labels, slices = ["(intercept)"], {}
    complete = np.all([~np.isnan(v.values) for v in variables], axis=0)
    computed = {p.name: _passive_template(p, variables) for p in passive}
    for variable in variables:
        width = 1
        if variable.kind in CATEGORICAL:
            variable.require_estimable(0)
            width = variable.n_categories - 1
        slices[variable.name] = slice(len(labels), len(labels) + width)
        labels += _labels(variable.name, width, 1, variable.kind in CATEGORICAL)
    for name, columns in computed.items():
        width = columns.shape[1]
        slices[name] = slice(len(labels), len(labels) + width)
        labels += _labels(name, width, 0, width > 1)
    centre, scale = np.zeros(len(labels)), np.ones(len(labels))
    for variable in variables:
        if variable.kind not in CATEGORICAL and variable.observed.size:
            place = slices[variable.name]
            centre[place], scale[place] = _centre_and_scale(variable.observed[:, None])
    for name, columns in computed.items():
        place = slices[name]
        centre[place], scale[place] = _centre_and_scale(columns[~np.isnan(columns[:, 0])])
    design = Design(
        variables=tuple(variables),
        passive=tuple(passive),
        labels=tuple(labels),
        slices=slices,
        centre=centre,
        scale=scale,
        observed=np.ones((complete.size, len(labels))),
        complete_gram=np.zeros((len(labels), len(labels))),
        incomplete=np.flatnonzero(~complete),
        targets=tuple(
            _target(v, slices, passive)
            for v in sorted(variables, key=lambda v: v.missing_rows.size)
            if v.missing_rows.size
        ),
    )
    for name in slices:
        known = next((v.values for v in variables if v.name == name), computed.get(name))
        assert known is not None
        design.observed[:, slices[name]] = np.nan_to_num(design.coded(name, known))
    rows = design.observed[complete]
    design.complete_gram[:] = rows.T @ rows
    return design


def _labels(name: str, width: int, first: int, numbered: bool) -> list[str]:
    return [f"{name}[{first + i}]" if numbered else name for i in range(width)]


def _centre_and_scale(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation; a column that does not vary keeps its scale."""
    sd = columns.std(axis=0)
    return columns.mean(axis=0), np.where(sd > 0, sd, 1.0)


def _passive_template(passive: Passive, variables: Sequence[Variable]) -> FloatArray:
    """Passive columns where their inputs are observed, NaN elsewhere; shape (n, k)."""
    inputs = {v.name: v.values for v in variables if v.name in passive.inputs}
    known = np.all([~np.isnan(values) for values in inputs.values()], axis=0)
    found = passive.evaluate({name: values[known] for name, values in inputs.items()})
    template = np.full((known.size, found.shape[1]), np.nan)
    template[known] = found
    return template


def _check_names(variables: Sequence[Variable], passive: Sequence[Passive]) -> None:
    names = [v.name for v in variables]
    every = [*names, *(p.name for p in passive)]
    if not names or len(set(every)) < len(every):
        raise ValueError(f"expected variables of different names, found {every}")
    if len({v.values.size for v in variables}) > 1:
        raise ValueError("the variables have different numbers of rows")
    for column in passive:
        if not column.inputs or set(column.inputs) - set(names):
            raise ValueError(f"passive column {column.name}: unknown inputs {column.inputs}")
    for variable in variables:
        chosen = set(variable.predictors or ())
        own = {variable.name, *(p.name for p in passive if variable.name in p.inputs)}
        if chosen - set(every) or chosen & own:
            raise ValueError(
                f"{variable.name}: predictors that are unknown or computed from it: "
                f"{sorted((chosen - set(every)) | (chosen & own))}"
            )


def _target(variable: Variable, slices: dict[str, slice], passive: Sequence[Passive]) -> Target:
    renewed = tuple(i for i, p in enumerate(passive) if variable.name in p.inputs)
    own = {variable.name, *(passive[i].name for i in renewed)}
    chosen = slices if variable.predictors is None else variable.predictors
    used = [slices[name] for name in chosen if name not in own]
    predictors = np.concatenate([[0], *(np.arange(s.start, s.stop) for s in used)]).astype(np.intp)
    variable.require_estimable(predictors.size - 1)
    missing = variable.missing_rows
    below = np.zeros(missing.size, dtype=bool)
    if variable.upper_limit is not None:
        below = ~np.isnan(variable.upper_limit[missing])
    fit = ~np.isnan(variable.values)
    fit[missing[below]] = True
    return Target(
        variable=variable,
        columns=slices[variable.name],
        predictors=np.sort(predictors),
        missing=missing,
        fitted=np.flatnonzero(fit),
        censored=np.flatnonzero(below),
        unknown=np.flatnonzero(~below),
        passive=renewed,
    )
