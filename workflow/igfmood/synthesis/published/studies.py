"""One published study, and the words that its entries are chosen from.

Takes: the entries of one row of the table of published results, checked.
Gives: a record of the cases and controls of the study, which the other steps pass on.
"""

from dataclasses import dataclass
from typing import Literal

Given = Literal[
    "mean_sd", "median_quartiles", "median_range", "d", "t", "p", "auc", "odds_ratio", "adjusted",
    "none",
]  # fmt: skip
Matrix = Literal[
    "serum", "plasma", "plasma_edta", "plasma_heparin", "blood", "culture_supernatant", "csf",
    "mrna",
]  # fmt: skip
Reported = Literal["", "higher", "lower", "none"]
Checked = Literal["abstract", "full_text", "secondary"]
Flag = Literal[
    "adjusted", "approximate", "inconsistent", "mixed_diagnosis", "remitted", "skewed", "treated"
]


@dataclass(frozen=True)
class PublishedStudy:
    """One row of the table: cases and controls of one study.

    Attributes
    ----------
    study : str
        Label, the only one of its kind.
    year : int
    doi, pmid, url : str
        Source; at least one is given.
    target : str
        ``depression``, ``bipolar``, or another diagnosis, which is then listed and not pooled.
    cases : str
        Who they are, in words.
    matrix, unit : str
        What was assayed, and its unit (empty where no value is given).
    overlap_group : str
        Studies of one group may share participants.
    given : str
        How the effect is reported; see docs/published.md.
    direction : str
        Cases against controls as the source says: ``higher``, ``lower``, ``none`` or empty.
    n_case, n_control : int or None
    value : float or None
        d, t, p, AUC, odds ratio or adjusted estimate, whichever `given` says.
    se, ci_low, ci_high : float or None
        Of `value` (of its logarithm for the standard error of an odds ratio); 95 % limits.
    mean_case … sd_control : float or None
    median_case, low_case, high_case … : float or None
        Median with quartiles or range, as `given` says.
    adjusted_for, medication : str
    flags : tuple of str
        Reservations.
    checked : str
        Where the figures were read.
    reason : str
        Why no effect can be obtained; empty if one can.
    note : str
    """

    study: str
    year: int
    doi: str
    pmid: str
    url: str
    target: str
    cases: str
    matrix: Matrix
    unit: str
    overlap_group: str
    given: Given
    direction: Reported
    n_case: int | None
    n_control: int | None
    value: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    mean_case: float | None
    sd_case: float | None
    mean_control: float | None
    sd_control: float | None
    median_case: float | None
    low_case: float | None
    high_case: float | None
    median_control: float | None
    low_control: float | None
    high_control: float | None
    adjusted_for: str
    medication: str
    flags: tuple[Flag, ...]
    checked: Checked
    reason: str
    note: str

    @property
    def n(self) -> int:
        """Participants in both groups; 0 where a number is not known."""
        return 0 if self.n_case is None or self.n_control is None else self.n_case + self.n_control
