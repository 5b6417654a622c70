"""`igfmood check`: everything that a run would stumble over, before it runs.

Takes a study file; gives every problem of the configuration, what each cohort holds once it is
read, and what each claim has and lacks in it. Writes nothing; no estimate is shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from igfmood.cohort.inputs import genetics_problems, input_problems
from igfmood.cohort.overlap import find_overlap, left_out
from igfmood.cohort.values import CODE_REASONS
from igfmood.config.claims import Claim
from igfmood.config.cohort import Cohort
from igfmood.config.load import check_config, load_claims, read_yaml
from igfmood.config.study import Study
from igfmood.config.vocabulary import DRUG_VARIABLES, VARIABLES
from igfmood.errors import ConfigError, DataError, IgfmoodError
from igfmood.intake.guess import PLACEHOLDER
from igfmood.intake.marks import Mark, marks
from igfmood.intake.needs import Need, control_needs, needs
from igfmood.normalise.assay_qc import read_control_samples
from igfmood.normalise.participants import Prepared, prepare_cohort
from igfmood.synthesis.genetic_tables import Examined, examine_genetics
from igfmood.synthesis.literature import refuse_unreadable


@dataclass(frozen=True)
class CohortCheck:
    """One cohort after reading: what came of it, or why nothing did."""

    cohort: Cohort
    prepared: Prepared | None
    error: str = ""

    @property
    def name(self) -> str:
        """Name of the cohort."""
        return self.cohort.name

    def quarantined(self) -> list[tuple[str, str, int, int]]:
        """Return column, reason, rows, and the first row, of what was quarantined, most first."""
        if self.prepared is None:
            return []
        grouped = self.prepared.quarantine.groupby(["column", "reason"], sort=False)["row"]
        found = [
            (str(column), str(reason), int(rows.nunique()), int(rows.min()))
            for (column, reason), rows in grouped
        ]
        return sorted(found, key=lambda item: (-item[2], item[3]))

    def codes_unknown(self, reason: str, study: Study) -> list[str]:
        """Return the codes that were quarantined for a reason, most first.

        A code that many share is no person's; a value that fewer than `disclosure.min_cell` rows
        have is not shown.
        """
        if self.prepared is None or not reason.startswith(CODE_REASONS):
            return []
        table = self.prepared.quarantine
        counts = table.loc[table["reason"] == reason, "value"].value_counts()
        return [str(value) for value in counts.index[counts >= study.disclosure.min_cell]]

    def below_limit(self, study: Study) -> tuple[int, int]:
        """Return how many rows lie below the detection limit, and how many were measured."""
        if self.prepared is None or self.cohort.analyte is None:
            return 0, 0
        table = self.prepared.participants
        below = table[study.analyte.below_lod]
        return int(below.sum()), int((table[study.analyte.value].notna() | below).sum())

    def missing(self, study: Study) -> dict[str, float]:
        """Return variable: share missing among the analysed rows, of the variables that it has."""
        if self.prepared is None or self.prepared.participants.empty:
            return {}
        table = self.prepared.participants
        told = [*self.cohort.columns, *(DRUG_VARIABLES if self.cohort.medication else ())]
        named = [n for n in VARIABLES if n in table and n in told and n not in _KEYS]
        shares = {name: float(table[name].isna().mean()) for name in named}
        if self.cohort.analyte:
            unread = table[study.analyte.value].isna() & ~table[study.analyte.below_lod]
            shares[study.analyte.label] = float(unread.mean())
        if self.cohort.phq9:
            shares["phq9_total"] = float(table["phq9_total"].isna().mean())
        if self.cohort.diagnosis:
            shares["diagnosis"] = float((table["diagnosis"] == "unknown").mean())
        return shares


_KEYS = ("participant_id", "visit")


@dataclass(frozen=True)
class Checked:
    """Everything that `check` found.

    Parameters
    ----------
    path
        The study file.
    study
        The study, or that of its sound cohorts; None where there is none.
    marks
        Questions that nobody has answered yet.
    problems
        Errors of the configuration.
    cohorts
        Every cohort that could be read, or failed while it was.
    claims
        Claims of the study.
    needs
        Claim: cohort: what it has or lacks.
    controls
        Key of the study and name of each negative control: cohort: what it has or lacks.
    data_root
        Folder of the tables, where it is another one than the file names.
    left_out
        Cohort that holds the people of another one: why it is left out of pooling.
    """

    path: Path
    study: Study | None
    marks: Sequence[Mark] = ()
    problems: Sequence[str] = ()
    cohorts: Sequence[CohortCheck] = ()
    claims: Sequence[Claim] = ()
    needs: Mapping[str, Mapping[str, Need]] = field(default_factory=dict)
    controls: Mapping[tuple[str, str], Mapping[str, Need]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    data_root: str | None = None

    @property
    def errors(self) -> int:
        """How many errors stand in the way of a run."""
        failed = sum(bool(cohort.error) for cohort in self.cohorts)
        return len(self.marks) + len(self.problems) + failed


def check(path: Path, data_root: str | None = None) -> Checked:
    """Check a study file and everything it names.

    Parameters
    ----------
    path
        The study file.
    data_root
        Folder of the tables, instead of the one in the file.

    Raises
    ------
    ConfigError
        If the file is not there or is no YAML.
    """
    config = read_yaml(path)
    if data_root is not None:
        config = {**config, "data_root": data_root}
    open_marks = marks(path.read_text(encoding="utf-8"))
    found = check_config(config)
    problems = [text for text in found.problems if not (open_marks and repr(PLACEHOLDER) in text)]
    sound: list[Cohort] = []
    for cohort in found.cohorts:
        wrong = input_problems(cohort, found.data_root)
        problems += wrong
        sound += [] if wrong else [cohort]
    problems += [text for c in found.in_part for text in input_problems(c, found.data_root)]
    study = found.study or _study_of(config, found.cohorts)
    if study is None:
        return Checked(path, None, open_marks, problems)
    absent = genetics_problems(study)
    genetics = Examined(absent) if absent else examine_genetics(study)
    problems += genetics.problems
    problems += _published_problems(study)
    problems += [text for cohort in sound for text in _control_problems(study, cohort)]
    cohorts = [_read(study, cohort) for cohort in sound]
    claims, tables = _claims(study), _tables(cohorts)
    return Checked(
        path, study, open_marks, problems, cohorts, claims,
        needs(study, claims, tables, genetics.fits), control_needs(study, tables),
        left_out(find_overlap(tables, study)), data_root,
    )  # fmt: skip


def _published_problems(study: Study) -> list[str]:
    """Return what is wrong within the table of published studies."""
    if study.published_evidence is None or not Path(study.published_evidence).is_file():
        return []  # that it is not there is told with the configuration
    try:
        refuse_unreadable(study)
    except ConfigError as error:
        return list(error.problems)
    return []


def _control_problems(study: Study, cohort: Cohort) -> list[str]:
    """Return what is wrong within the control measurements of a cohort's assay."""
    try:
        read_control_samples(study, cohort)
    except DataError as error:
        return [f"cohort {cohort.name!r}: assay_qc: {error}"]
    return []


def _study_of(config: Mapping[str, Any], cohorts: Sequence[Cohort]) -> Study | None:
    """Return the study of the cohorts that are right in themselves, if it is one."""
    names = [cohort.name for cohort in cohorts]
    entries = [
        entry for entry in config.get("cohorts") or []
        if isinstance(entry, dict) and entry.get("name") in names
    ]  # fmt: skip
    return check_config({**config, "cohorts": entries}).study if entries else None


def _read(study: Study, cohort: Cohort) -> CohortCheck:
    try:
        prepared = prepare_cohort(study, cohort)
    except (IgfmoodError, OSError) as error:
        return CohortCheck(cohort, None, str(error))
    if prepared.participants.empty:
        lost = prepared.flow.account(cohort)
        return CohortCheck(
            cohort,
            prepared,
            f"{cohort.table} has no row that can be analysed; all are lost to {lost}",
        )
    return CohortCheck(cohort, prepared)


def _claims(study: Study) -> list[Claim]:
    try:
        return load_claims(study.claims).claims
    except ConfigError:
        return []  # told among the problems


def _tables(cohorts: Sequence[CohortCheck]) -> dict[str, pd.DataFrame]:
    return {
        checked.name: checked.prepared.participants
        for checked in cohorts
        if checked.prepared is not None and not checked.error
    }
