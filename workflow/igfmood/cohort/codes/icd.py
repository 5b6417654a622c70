"""Cells that hold ICD or DSM codes.

Takes the text of a cell; gives its codes without dots, or says that it holds something else.
"""

import re
from functools import lru_cache

_LIST_MARKS = "[]\"'"
_FORMS = {
    # Also the dagger, asterisk and plus signs of the tabular list, and the hyphen of an open code.
    # The third character is a digit, or A or B in the clinical modification (C7A, C7B, Z3A).
    "icd10": re.compile(r"([A-Z]\d[0-9AB](?:\.?[0-9A-Z]{1,4})?)\.?[-*+!†]?"),
    "icd9": re.compile(r"(\d{3}(?:\.?\d{1,2})?|V\d{2}(?:\.?\d{1,2})?|E\d{3}(?:\.?\d)?)"),
    "icd11": re.compile(r"([0-9A-Z][A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,2})?)"),
}
_EXTENSION = re.compile(r"X[A-Z0-9]{3,6}")  # ICD-11: says more about a stem code

#: An example for messages.
EXAMPLES = {
    "icd10": "ICD-10 codes such as F32.1 E11",
    "icd9": "ICD-9 codes such as 296.32 250.0",
    "icd11": "ICD-11 codes such as 6A70.1 5A11",
}


def split_codes(text: str, system: str) -> list[str] | None:
    """Return the codes of a cell without dots (an empty list if it is empty).

    Parameters
    ----------
    text
        Codes with blanks, commas, semicolons or bars between them.
    system
        ``icd9``, ``icd10`` or ``icd11``; of postcoordinated ICD-11 codes every stem counts.

    Returns
    -------
    list of str or None
        None if anything in the cell is no code of the system.
    """
    codes: list[str] = []
    for part in re.split(r"[\s;,|]+", text.upper()):
        stems = _stems(part, system)
        if stems is None:
            return None
        codes += stems
    return codes


@lru_cache(maxsize=1 << 17)
def _stems(part: str, system: str) -> tuple[str, ...] | None:
    """Return the codes of one part of a cell; registers repeat a few thousand of them."""
    codes = []
    part = part.strip(_LIST_MARKS)
    for stem in re.split(r"[/&]", part) if system == "icd11" else [part]:
        found = _FORMS[system].fullmatch(stem)
        if found:
            codes.append(found[1].replace(".", ""))
        elif stem and not (system == "icd11" and _EXTENSION.fullmatch(stem)):
            return None
    return tuple(codes)
