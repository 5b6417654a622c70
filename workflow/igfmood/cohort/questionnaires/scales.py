"""Totals of other depression scales.

Takes the totals of CES-D, BDI-II, HAM-D or MADRS as text; gives them as they are, and standardised
within the cohort. None of them is turned into a PHQ-9.
"""

from collections.abc import Mapping, Sequence

import pandas as pd

from igfmood.cohort.questionnaires.answers import read_total
from igfmood.cohort.table import RawTable
from igfmood.cohort.values import Parsed
from igfmood.config.questionnaire import Scale
from igfmood.config.vocabulary import SCALES


def score_scales(
    raw: RawTable, scales: Mapping[str, Scale], missing_codes: Sequence[str]
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Read the totals of the scales of a cohort.

    Parameters
    ----------
    raw
        Table with the totals.
    scales
        Scale (a key of ``vocabulary.SCALES``): its column.
    missing_codes
        Missing codes of the whole table.

    Returns
    -------
    scored : DataFrame
        ``<scale>_total`` (points) and ``<scale>_z`` (standard deviations from the mean of all rows
        of the table, every visit included; missing where the total does not vary).
    parsed : list of Parsed
        The columns as read, with their problems.
    """
    columns: dict[str, pd.Series] = {}
    parsed = []
    for name, entry in scales.items():
        read = read_total(raw, entry.total, [*missing_codes, *entry.missing], SCALES[name])
        spread = read.values.std(ddof=1)
        columns[f"{name}_total"] = read.values
        columns[f"{name}_z"] = (read.values - read.values.mean()) / (spread or float("nan"))
        parsed.append(read)
    return pd.DataFrame(columns, index=raw.index), parsed
