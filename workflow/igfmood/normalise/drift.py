"""Control chart of assay batches: which lots or plates have drifted, and when.

Takes: concentrations, the batch and date (or running number) of each, and a protected design.
Gives: one row a batch with its adjusted level, control limits and a flag.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.normalise.batch_layout import (
    batch_codes,
    batch_labels,
    batch_layout,
    complete_rows,
    positive,
)

COLUMNS = (
    "batch",
    "order",
    "n",
    "geometric_mean",
    "sd_log",
    "centre",
    "warning_low",
    "warning_high",
    "action_low",
    "action_high",
    "flag",
)
WARNING, ACTION = 2.0, 3.0


def drift(
    value: npt.ArrayLike, batch: npt.ArrayLike, order: npt.ArrayLike, protected: npt.ArrayLike
) -> pd.DataFrame:
    """Adjusted geometric mean of each batch in order of time, with Shewhart's control limits.

    Small batches are given too: who shows the chart suppresses those below the disclosure
    threshold.

    Parameters
    ----------
    value : array_like, shape (n,)
        Concentrations, > 0; missing allowed.
    batch : array_like of str, shape (n,)
        Lot or plate of each; "" = unknown, left out.
    order : array_like, shape (n,)
        Date (datetime64) or running number of each measurement; a batch stands at its median.
    protected : array_like, shape (n, p)
        What batches may differ by without fault: age, sex, diagnosis. Rows with a missing entry
        are left out.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, sorted by order. Concentrations are in the unit of `value`;
        ``geometric_mean`` is adjusted to the average person; ``sd_log`` is the residual SD of
        the batch on the log scale (missing for a single person); ``centre`` is the geometric mean
        of all; limits are ``centre`` * exp(-+2 SE) (warning) and exp(-+3 SE) (action), SE that of
        the batch's distance from the centre under one SD for all. ``flag``: "", "warning",
        "action".

    Raises
    ------
    DataError, ValueError, NotEstimable
        As `igfmood.normalise.batch.fit_batch`.

    References
    ----------
    Westgard JO et al (1981). Clin Chem 27:493-501 (rules 1:2s and 1:3s).
    """
    values, design = positive(value), np.asarray(protected, dtype=float)
    code, labels = batch_codes(batch_labels(batch, values.size))
    when = pd.Series(np.asarray(order))
    if when.size != values.size:
        raise ValueError(f"expected {values.size} dates or numbers, found {when.size}")
    use = complete_rows(values, design) & (code >= 0)
    present, position = np.unique(code[use], return_inverse=True)
    names = labels[present]
    layout = batch_layout(position, design[use], names)
    found = layout.levels(np.log(values[use]), np.ones(names.size))
    centre = layout.weighted_mean(found.level)
    known = np.isfinite(found.sd)
    sigma2 = found.df[known] @ found.sd[known] ** 2 / found.df[known].sum()
    se = np.sqrt(sigma2 * layout.variance_of_levels())
    distance = np.abs(found.level - centre) / se
    table = pd.DataFrame(
        {
            "batch": names.astype(object),
            "order": when[use].groupby(layout.code).median().to_numpy(),
            "n": layout.n,
            "geometric_mean": np.exp(found.level),
            "sd_log": found.sd,
            "centre": np.exp(centre),
            "warning_low": np.exp(centre - WARNING * se),
            "warning_high": np.exp(centre + WARNING * se),
            "action_low": np.exp(centre - ACTION * se),
            "action_high": np.exp(centre + ACTION * se),
            "flag": np.select([distance > ACTION, distance > WARNING], ["action", "warning"], ""),
        },
        columns=list(COLUMNS),
    )
    return table.sort_values(["order", "batch"], kind="stable", ignore_index=True)
