"""Recognising tables of known sources.

Takes column names; gives the preset that reads them, and by which columns it was known.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from igfmood.config.cohort import Cohort
from igfmood.config.presets import preset_names, read_preset


@dataclass(frozen=True)
class KnownSource:
    """A preset, what its source is called, and the columns that give it away."""

    preset: str
    title: str
    evidence: tuple[str, ...]


#: Preset: name of the source, and columns that only its tables have together.
_SIGNS = {
    "nhanes": ("NHANES", ("SEQN", "RIAGENDR", "RIDAGEYR")),
    "ukbiobank": ("UK Biobank", ("eid", "31-0.0", "21003-0.0")),
    "midus2": ("MIDUS 2", ("M2ID", "B4ZAGE")),
}


def known_source(columns: Sequence[str]) -> KnownSource | None:
    """Return the source whose signs are all among the columns; UK Biobank in any spelling."""
    spellings = {name: name for name in columns} | {_field(name): name for name in columns}
    for preset, (title, signs) in _SIGNS.items():
        if preset in preset_names() and all(sign in spellings for sign in signs):
            return KnownSource(preset, title, tuple(spellings[sign] for sign in signs))
    return None


def _field(name: str) -> str:
    from igfmood.cohort.read.names import ukb_field

    return ukb_field(name)


def preset_cohort(source: KnownSource) -> Cohort:
    """Return the cohort that the preset describes by itself."""
    return Cohort.model_validate({"name": "preset", "preset": source.preset, "table": "preset.csv"})


def preset_variables(source: KnownSource) -> dict[str, str]:
    """Return canonical variable: column, as the preset has them."""
    columns = read_preset(source.preset).get("columns", {})
    return {
        name: entry["column"] if isinstance(entry, dict) else str(entry)
        for name, entry in columns.items()
    }
