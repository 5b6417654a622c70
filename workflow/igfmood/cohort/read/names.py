"""Column names: fields of UK Biobank in one spelling, and wildcards.

Takes names as they stand in a header; gives them in the spelling that the configuration uses.
"""

import re
from collections.abc import Sequence

from igfmood.errors import DataError

# f.30770.0.0 (R), n_30770_0_0 (Stata), x30770_0_0 and X30770.0.0 (read.csv), 30770-0.0 (csv),
# p30770_i0_a0 and participant.p30770_i0 (Research Analysis Platform).
_FIELD = re.compile(
    r"(?:participant\.)?(?:f\.|p|[nsdx]_|ts_|x)?(\d+)(?:[-._]i?(\d+))?(?:[._]a?(\d+))?",
    re.IGNORECASE,
)
_PERSON = re.compile(r"(?:participant\.)?(?:f\.|n_)?eid", re.IGNORECASE)


def ukb_field(name: str) -> str:
    """Return a UK Biobank field as ``30770-0.0``: field, instance, array; else the name itself.

    Instance and array are 0 where the spelling leaves them out; the participant is ``eid``.
    """
    if _PERSON.fullmatch(name):
        return "eid"
    found = _FIELD.fullmatch(name)
    return f"{found[1]}-{found[2] or 0}.{found[3] or 0}" if found else name


def ukb_fields(names: Sequence[str], path: object) -> list[str]:
    """Return every name of a header in the one spelling.

    Raises
    ------
    DataError
        If two columns become the same field.
    """
    fields = [ukb_field(name) for name in names]
    seen: dict[str, str] = {}
    for name, field in zip(names, fields, strict=True):
        if field in seen and name != "":
            raise DataError(
                f"{path}: columns {seen[field]!r} and {name!r} are both the field {field}: "
                "remove one, or set format.names to as_written"
            )
        seen[field] = name
    return fields


def expand(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the names that a name with ``*`` stands for, in the order of the file."""
    if "*" not in pattern or pattern in names:
        return [pattern] if pattern in names else []
    wanted = re.compile(".*".join(map(re.escape, pattern.split("*"))))
    return [name for name in names if wanted.fullmatch(name)]
