"""Multiple imputation by chained equations.

Takes: variables with gaps, columns computed from them, the number of tables, a seed.
Gives: the imputed values of every table, with the traces by which convergence is judged.
"""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from igfmood import progress
from igfmood.errors import NotEstimable
from igfmood.impute.design import Design, Target, build_design
from igfmood.impute.imputations import Imputations, by_imputation, left_out
from igfmood.impute.methods.categorical import augmented, draw_codes, logit_posterior
from igfmood.impute.methods.linear import (
    below_limit,
    independent_columns,
    linear_posterior,
    marginal_normal,
    nearest_donors,
)
from igfmood.impute.variables import CATEGORICAL, FloatArray, IndexArray, Passive, Variable
from igfmood.seeds import stream

#: Nearest observed people from whom predictive mean matching takes a value.
DONORS = 5


def impute(
    variables: Sequence[Variable],
    *,
    m: int,
    iterations: int,
    seed: int,
    keys: Sequence[str | int],
    passive: Sequence[Passive] = (),
    workers: int = 1,
) -> Imputations:
    """Impute a table m times by chained equations.

    Parameters
    ----------
    variables : sequence of Variable, each of n rows
        Everything that the later analyses use: outcome, exposure, covariates, and what predicts
        being missing.
    m : int
        Completed tables.
    iterations : int
        Rounds through the variables with gaps, those with the fewest first.
    seed : int
        The study's seed.
    keys : sequence of str or int
        Name of the place, as in `igfmood.seeds.stream`; table i draws from
        ``stream(seed, *keys, i)`` alone.
    passive : sequence of Passive
        Columns renewed after every update of a variable they are computed from.
    workers : int
        Threads. The chains are independent: the numbers do not depend on it.

    Returns
    -------
    Imputations

    Raises
    ------
    ValueError
        Names, shapes or codes that do not fit; m, iterations or workers below 1.
    NotEstimable
        A variable that cannot be imputed from what was observed, with the reason.

    Notes
    -----
    Each chain keeps the cross-products of its current table. Those of the rows in which a
    variable is known are the total less the rows in which it is missing, mostly the smaller part;
    the rows without any gap are summed once for all chains. Predictors that are constant, or
    linear combinations of those before them, are left out of a model and reported.

    References
    ----------
    van Buuren S, Groothuis-Oudshoorn K (2011). J Stat Softw 45(3), sections 2 and 3.
    White IR, Royston P, Wood AM (2011). Stat Med 30:377-399.
    """
    if min(m, iterations, workers) < 1:
        raise ValueError(f"m {m}, iterations {iterations} and workers {workers} must be 1 or more")
    design = build_design(variables, passive)

    def run(index: int) -> _Chain:
        chain = _Chain(design, stream(seed, *keys, index))
        for _ in range(iterations):
            chain.iterate()
        chain.forget_table()
        stage.advance()
        return chain

    with progress.stage("imputing", m) as stage, ThreadPoolExecutor(workers) as pool:
        chains = list(pool.map(run, range(m)))
    names = [target.variable.name for target in design.targets]
    return Imputations(
        variables=design.variables,
        passive=design.passive,
        m=m,
        iterations=iterations,
        imputed={name: by_imputation([c.imputed[name] for c in chains]) for name in names},
        trace_mean={name: np.array([c.means[name] for c in chains]).T for name in names},
        trace_sd={name: np.array([c.sds[name] for c in chains]).T for name in names},
        dropped=left_out(sum((c.dropped for c in chains), Counter()), m * iterations),
    )


@dataclass(eq=False)
class _Chain:
    """One table on its way: its current design, its cross-products, and its own random numbers."""

    design: Design
    rng: np.random.Generator
    table: FloatArray = field(init=False)
    gram: FloatArray = field(init=False)
    imputed: dict[str, FloatArray] = field(default_factory=dict)
    means: dict[str, list[float]] = field(default_factory=dict)
    sds: dict[str, list[float]] = field(default_factory=dict)
    dropped: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Values, on their own scale, of variables that passive columns are computed from.
    inputs: dict[str, FloatArray] = field(default_factory=dict)
    # Coefficients of the last fit, from which Newton's method starts the next.
    logits: dict[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill the gaps with plausible values to start from."""
        design = self.design
        self.table = design.observed.copy()
        wanted = {name for p in design.passive for name in p.inputs}
        self.inputs = {v.name: v.values.copy() for v in design.variables if v.name in wanted}
        for target in design.targets:
            name = target.variable.name
            self.means[name], self.sds[name] = [], []
            values = _starting_values(target, self.rng)
            self.imputed[name] = values
            self.table[target.missing, target.columns] = design.coded(name, values)
            if name in self.inputs:
                self.inputs[name][target.missing] = values
        for passive in design.passive:
            place = design.slices[passive.name]
            self.table[:, place] = design.coded(passive.name, passive.evaluate(self.inputs))
        rows = np.take(self.table, design.incomplete, axis=0)
        self.gram = design.complete_gram + rows.T @ rows

    def iterate(self) -> None:
        """Renew every variable once."""
        for target in self.design.targets:
            name = target.variable.name
            try:
                values = self._update(target)
            except NotEstimable as error:
                raise NotEstimable(f"{name} cannot be imputed: {error.reason}") from error
            self.imputed[name] = values
            self.means[name].append(float(values.mean()))
            self.sds[name].append(float(values.std()))

    def forget_table(self) -> None:
        """Free what only the iterations need."""
        del self.table, self.gram
        self.inputs, self.logits = {}, {}

    def _update(self, target: Target) -> FloatArray:
        """Draw the missing values of one variable; table and cross-products follow."""
        rows = np.take(self.table, target.missing, axis=0)
        rest = self.gram - rows.T @ rows
        fitted_gram = rest
        if target.censored.size:
            below = rows[target.censored]
            fitted_gram = rest + below.T @ below
        used = self._usable(target, fitted_gram)
        if target.variable.kind in CATEGORICAL:
            values = self._draw_categories(target, used, rows)
        else:
            values = self._draw_numbers(target, used, rows, fitted_gram)
        self._write(target, rows, values)
        self.gram = rest + rows.T @ rows
        return values

    def _usable(self, target: Target, gram: FloatArray) -> IndexArray:
        """Predictors of this fit; those that must be left out are counted."""
        predictors = target.predictors
        kept = predictors[independent_columns(gram[np.ix_(predictors, predictors)])]
        if kept.size < predictors.size:
            for column in np.setdiff1d(predictors, kept):
                self.dropped[target.variable.name, self.design.labels[column]] += 1
        return kept

    def _draw_numbers(
        self, target: Target, used: IndexArray, rows: FloatArray, gram: FloatArray
    ) -> FloatArray:
        own = target.columns.start
        posterior = linear_posterior(
            gram[np.ix_(used, used)], gram[used, own], float(gram[own, own]), target.fitted.size
        )
        drawn, sigma = posterior.draw(self.rng)
        # Products with all columns: copying the used ones would cost more than it saves.
        predicted = rows @ _spread(drawn, used, rows.shape[1])
        if target.variable.kind == "pmm":
            known = (self.table @ _spread(posterior.coef, used, rows.shape[1]))[target.fitted]
            donors = nearest_donors(known, predicted, DONORS, self.rng)
            return target.variable.values[target.fitted[donors]]
        centre, scale = self.design.centre[own], self.design.scale[own]
        predicted = centre + scale * predicted
        values = np.empty(predicted.size)
        values[target.unknown] = predicted[target.unknown] + scale * sigma * (
            self.rng.standard_normal(target.unknown.size)
        )
        if target.censored.size:
            assert target.variable.upper_limit is not None
            limit = target.variable.upper_limit[target.missing[target.censored]]
            values[target.censored] = below_limit(
                predicted[target.censored], scale * sigma, limit, self.rng
            )
        return values

    def _draw_categories(self, target: Target, used: IndexArray, rows: FloatArray) -> FloatArray:
        variable, n = target.variable, len(self.table)
        mean = self.gram[0, used] / n
        sd = np.sqrt(np.maximum(np.diag(self.gram)[used] / n - mean**2, 0.0))
        X, codes, weights = augmented(
            self.table[np.ix_(target.fitted, used)],
            variable.values[target.fitted],
            mean,
            sd,
            variable.n_categories,
        )
        shape = (self.table.shape[1], variable.n_categories - 1)
        known = self.logits.setdefault(variable.name, np.zeros(shape))
        posterior = logit_posterior(X, codes, weights, known[used])
        self.logits[variable.name] = np.zeros(shape)
        self.logits[variable.name][used] = posterior.coef
        return draw_codes(rows[:, used], posterior.draw(self.rng), self.rng)

    def _write(self, target: Target, rows: FloatArray, values: FloatArray) -> None:
        """Put new values, and the passive columns computed from them, into `rows` and the table."""
        design, name = self.design, target.variable.name
        rows[:, target.columns] = design.coded(name, values)
        self.table[target.missing, target.columns] = rows[:, target.columns]
        if name not in self.inputs:
            return
        self.inputs[name][target.missing] = values
        for index in target.passive:
            passive = design.passive[index]
            place = design.slices[passive.name]
            current = {i: self.inputs[i][target.missing] for i in passive.inputs}
            rows[:, place] = design.coded(passive.name, passive.evaluate(current))
            self.table[target.missing, place] = rows[:, place]


def _spread(coef: FloatArray, used: IndexArray, width: int) -> FloatArray:
    """Coefficients of the used columns, 0 for the others."""
    full = np.zeros(width)
    full[used] = coef
    return full


def _starting_values(target: Target, rng: np.random.Generator) -> FloatArray:
    """Observed values at random; below a limit, draws from one truncated normal."""
    variable = target.variable
    values = rng.choice(variable.observed, target.missing.size)
    if target.censored.size:
        assert variable.upper_limit is not None
        limit = variable.upper_limit[target.missing[target.censored]]
        mean, sd = marginal_normal(variable.observed, limit)
        values[target.censored] = below_limit(np.full(limit.size, mean), sd, limit, rng)
    return values
