"""A cohort's entry without what a new table does not tell.

Takes an entry of a study file and where the new table is; gives the entry with the columns that
are there, and words for rules that could not be applied. New people have no outcome yet.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from igfmood.cohort.read.join import open_file, parts
from igfmood.config.cohort import ROW_NUMBER, Cohort, Column
from igfmood.config.diagnosis import Diagnosis
from igfmood.config.measurement import Reference
from igfmood.config.rules import Rule
from igfmood.errors import DataError
from igfmood.performance.frozen.document import FrozenModel

Offers = Callable[[str], bool]

#: Without these nobody can be scored.
_NEEDED = ("age_years", "sex")


def only_what_is_there(
    cohort: Cohort, data_root: Path, model: FrozenModel
) -> tuple[Cohort, list[str]]:
    """Return the entry as far as the table has its columns, and rules that are not applied.

    Parameters
    ----------
    cohort
        The entry, its table the new one.
    data_root
        Folder of the tables.
    model
        Says what is needed.

    Raises
    ------
    DataError
        If age, sex, or the analyte that the model needs, has no column.
    """
    files = [open_file(part, data_root) for part in parts(cohort)]

    def offers(column: str) -> bool:
        return any(file.offers(column) for file in files)

    _require(cohort, offers, model)
    columns = {
        k: c for k, c in cohort.columns.items() if c.column == ROW_NUMBER or offers(c.column)
    }
    columns.setdefault("participant_id", Column(column=ROW_NUMBER))
    phq9 = cohort.phq9
    if phq9 and not all(offers(c) for c in (*phq9.items, *([phq9.total] if phq9.total else []))):
        phq9 = None
    diagnosis = _diagnosis(cohort.diagnosis, offers, phq9 is not None)
    conditions, medication = (
        entry if entry and all(offers(c) for c in entry.columns) else None
        for entry in (cohort.conditions, cohort.medication)
    )
    analyte = cohort.analyte
    if analyte and not offers(analyte.column):
        analyte = None
    elif analyte and analyte.batch and not offers(analyte.batch):
        analyte = analyte.model_copy(update={"batch": None})
    found = cohort.model_copy(
        update={
            "columns": columns, "phq9": phq9, "diagnosis": diagnosis, "conditions": conditions,
            "medication": medication, "analyte": analyte, "scales": {}, "igfbp3": None,
            "assay_qc": None, "reference": Reference(),
            "baseline": cohort.baseline if "visit" in columns else None,
            "controls": cohort.controls if phq9 else "as_coded",
        }
    )  # fmt: skip
    return _with_rules(found)


def _require(cohort: Cohort, offers: Offers, model: FrozenModel) -> None:
    absent = [name for name in _NEEDED if not offers(cohort.columns[name].column)]
    wanted = [cohort.columns[name].column for name in absent]
    if model.score is not None:
        if cohort.analyte is None:
            raise DataError(
                f"the model needs {model.analyte.label}, and the entry of {cohort.name} has no "
                "analyte"
            )
        if not offers(cohort.analyte.column):
            wanted.append(cohort.analyte.column)
    if wanted:
        raise DataError(
            f"{cohort.table} has no column {', '.join(wanted)}, which the entry of {cohort.name} "
            "names and the model needs"
        )


def _diagnosis(entries: Sequence[Diagnosis], offers: Offers, phq9: bool) -> list[Diagnosis]:
    found = []
    for entry in entries:
        if entry.source.startswith("phq9"):
            found += [entry] if phq9 else []
            continue
        columns = [column for column in entry.columns if offers(column)]
        if columns:
            found.append(entry.model_copy(update={"columns": columns}))
    return found


def _with_rules(cohort: Cohort) -> tuple[Cohort, list[str]]:
    """Take rules out that are about what the table does not tell; say which."""
    kept: dict[str, list[Rule]] = {"include": [], "exclude": []}
    notes = []
    for key, rules in kept.items():
        for rule in getattr(cohort, key):
            if rule.known or _tells(cohort, rule.variable):
                rules.append(rule)
            else:
                notes.append(f"rule {rule.name!r} is not applied: the table has no {rule.variable}")
    return cohort.model_copy(update=kept), notes


def _tells(cohort: Cohort, variable: str) -> bool:
    special = {
        "analyte": cohort.analyte is not None, "diagnosis": bool(cohort.diagnosis),
        "phq9_total": cohort.phq9 is not None,
    }  # fmt: skip
    return special[variable] if variable in special else cohort.provides(variable)
