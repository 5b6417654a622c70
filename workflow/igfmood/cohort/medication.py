"""Drugs, from ATC codes or names.

Takes the columns that list a person's drugs; gives one flag for each drug variable and the route of
oestrogen therapy. Nothing is known about a person without a drug, unless the entry says otherwise.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from igfmood.cohort.codes import cells, words
from igfmood.cohort.drugs import ATC, FLAGS, OESTROGEN, Drug, by_atc, by_product
from igfmood.cohort.table import RawTable
from igfmood.cohort.values import Parsed, together
from igfmood.config.diagnosis import Medication
from igfmood.config.vocabulary import DRUG_VARIABLES

_NO_ATC = "is not a list of ATC codes such as N06AB06 N05AN01"
_WHOLE_CODE = len("N06AB06")
#: Of several routes the first counts: it is the one that lowers IGF-1 most.
_ROUTES = ("oral", "transdermal", "other")
_CLASSES = (*FLAGS, OESTROGEN)
_BITS = {name: 1 << k for k, name in enumerate((*_CLASSES, *_ROUTES))}
_UNCLEAR = {name: 1 << (len(_BITS) + k) for k, name in enumerate(_CLASSES)}
_LISTED = 1 << (len(_BITS) + len(_UNCLEAR))


def code_medication(
    raw: RawTable, entry: Medication, missing_codes: Sequence[str]
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Code the drugs of every row.

    Parameters
    ----------
    raw
        Table of text with the columns of the entry.
    entry
        Columns, coding, names of the study, and what a row without drugs means.
    missing_codes
        Missing codes of the whole table.

    Returns
    -------
    drugs : DataFrame
        ``vocabulary.DRUG_VARIABLES``: nullable booleans, and ``hrt_route`` (none, oral,
        transdermal, other; missing where not known). A row that lists drugs and none of a class
        is no; an ATC code too short to tell leaves it missing.
    parsed : list of Parsed
        Cells that are no ATC codes. A drug name that is not known is a drug of no class.

    Raises
    ------
    DataError
        If a column is absent.
    """
    own = {words(name): meaning for name, meaning in entry.names.items()}
    found = np.zeros(len(raw.index), np.int64)
    problems = []
    for column in cells(raw, entry.columns, [*missing_codes, *entry.missing], "medication.columns"):
        drugs = [_drugs(text, entry.coding, own) for text in column.texts]
        found |= column.spread([_bits(drug, text) for drug, text in
                                zip(drugs, column.texts, strict=True)], np.int64)  # fmt: skip
        problems.append(column.problems([drug is None for drug in drugs], _NO_ATC))
    table = _table(found, entry.empty_means == "no", raw.index)
    return table, [Parsed(table["ad_use"], together(problems))]


def _drugs(text: str, coding: str, own: Mapping[str, str]) -> Drug | None:
    """Return what a cell says, None if it holds something else than ATC codes."""
    drug = Drug()
    if coding == "names":
        for product in text.split("|"):
            # A column of names in which somebody wrote whole ATC codes.
            code = product.strip().upper()
            whole = len(code) == _WHOLE_CODE and ATC.fullmatch(code)
            drug |= by_atc(code) if whole else by_product(product, own)
        return drug
    for part in re.split(r"[|;,\n]", text.upper()):
        said = re.findall(r"[^\W_]+", part)
        codes = [word for word in said if ATC.fullmatch(word)]
        if said and (not codes or said[0] != codes[0]):
            return None
        for code in codes:
            drug |= by_atc(code, part)
    return drug


def _bits(drug: Drug | None, text: str) -> int:
    if drug is None or not text:
        return 0
    said = sum(_BITS[name] for name in (*drug.classes, *drug.routes))
    return _LISTED | said | sum(_UNCLEAR[name] for name in drug.unclear)


def _table(found: np.ndarray, empty_means_no: bool, index: pd.Index) -> pd.DataFrame:
    listed = ((found & _LISTED) > 0) | empty_means_no

    def flag(name: str) -> tuple[np.ndarray, np.ndarray]:
        yes = (found & _BITS[name]) > 0
        return yes, ~yes & (~listed | ((found & _UNCLEAR[name]) > 0))

    columns: dict[str, object] = {}
    for name in DRUG_VARIABLES:
        if name == "hrt_route":
            yes, unknown = flag(OESTROGEN)
            routes = [(found & _BITS[route]) > 0 for route in _ROUTES]
            route = np.select(routes, _ROUTES, "none").astype(object)
            columns[name] = pd.Series(route, index=index).astype("str").mask(unknown & ~yes)
        else:
            columns[name] = pd.arrays.BooleanArray(*flag(name))
    return pd.DataFrame(columns, index=index)
