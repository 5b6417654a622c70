"""Correlations of genetic variants in linkage disequilibrium, from a square table.

Takes: a text table (comma, tab or blanks; may be gzipped) with variants as header and first column.
Gives: a checked `Correlations`, and its part for some variants, signed for the exposure's alleles.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from igfmood.errors import DataError
from igfmood.synthesis.mendelian.estimators import DIGITS
from igfmood.synthesis.mendelian.harmonise import orientation
from igfmood.synthesis.mendelian.summary import opened

FloatArray = npt.NDArray[np.float64]
#: Of so many variants the correlations have one sign by chance once in 2,048 tables.
_ENOUGH = 12


@dataclass(frozen=True, eq=False)
class Correlations:
    """Correlations r of the counts of one allele of each of n variants.

    Attributes
    ----------
    variants : tuple of str
    alleles : tuple of (str, str) or None
        The allele counted, and the other one; None where the exposure's effect allele is counted.
    matrix : ndarray, shape (n, n)
        Symmetric, 1 on the diagonal, positive semidefinite.
    """

    variants: tuple[str, ...]
    alleles: tuple[tuple[str, str], ...] | None
    matrix: FloatArray

    def aligned(self, exposure: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
        """Return the correlations of the exposure's effect alleles, and why variants have none.

        Where the table counts the exposure's other allele, every r of that variant changes its
        sign. A palindrome (A/T, C/G) names no strand, and is left out.

        Parameters
        ----------
        exposure : DataFrame
            As from `read_summary`, each variant once.

        Returns
        -------
        signed : DataFrame
            Index and columns: the variants of the exposure that the table has.
        reasons : dict
            Each other variant: why it cannot be used.
        """
        place = {name: j for j, name in enumerate(self.variants)}
        signs: dict[str, float] = {}
        reasons: dict[str, str] = {}
        for _, row in exposure.iterrows():
            name, ours = str(row["variant"]), (row["effect_allele"], row["other_allele"])
            if name not in place:
                sign, reason = np.nan, "not in the table of correlations"
            elif self.alleles is None:
                sign, reason = 1.0, ""
            else:
                sign, reason = _sign(ours, self.alleles[place[name]])
            if reason:
                reasons[name] = reason
            else:
                signs[name] = sign
        rows, turn = [place[name] for name in signs], np.array(list(signs.values()))
        signed = self.matrix[np.ix_(rows, rows)] * np.outer(turn, turn)
        return pd.DataFrame(signed, index=list(signs), columns=list(signs)), reasons


def _sign(ours: tuple[str, str], theirs: tuple[str, str]) -> tuple[float, str]:
    sign, reason = orientation(*ours, *theirs, np.nan, np.nan)
    if reason.startswith("palindromic"):
        return sign, "palindromic, and the table of correlations names no strand"
    if reason.startswith("alleles differ"):
        return sign, (
            "alleles are not those of the table of correlations: "
            f"{'/'.join(ours)} in the exposure, {'/'.join(theirs)} there"
        )
    return sign, reason


def read_correlations(path: Path | str, alleles: str) -> Correlations:
    """Read and check a table of correlations.

    Parameters
    ----------
    path : Path or str
        Text with commas, tabs or blanks; the first name of the header may be left out, as R does.
    alleles : str
        As `alleles` of `CorrelationTable`.

    Raises
    ------
    DataError
        No such file; not square; names that repeat or differ between rows and columns; a value
        that is no correlation; not symmetric; not positive semidefinite. Each with file, line,
        column, value and remedy.
    """
    file = Path(path)
    lines = _lines(file)
    (_, header), rows = lines[0], lines[1:]
    names = header[1:] if rows and len(header) == len(rows[0][1]) else header
    _require_square(file, names, rows)
    matrix = _values(file, names, rows)
    _require_symmetry(file, names, rows, matrix)
    _require_semidefinite(file, matrix)
    variants, counted = _named(file, names, alleles)
    if counted is not None:
        _require_signs(file, matrix)
    return Correlations(variants, counted, (matrix + matrix.T) / 2)


def _lines(file: Path) -> list[tuple[int, list[str]]]:
    """Return the cells of each line that is not blank, with the number of the line."""
    if not file.is_file():
        raise DataError(f"{file} is not there: correct the path of the table of correlations")
    try:
        with opened(file) as stream:
            text = [line.rstrip("\r\n") for line in stream]
    except (OSError, EOFError, UnicodeError, zlib.error) as error:
        raise DataError(f"{file} cannot be read as a table: {error}; save it again") from error
    numbered = [(j, line) for j, line in enumerate(text, 1) if line.strip()]
    if not numbered:
        raise DataError(f"{file} is empty: save the table of correlations again")
    first = numbered[0][1]
    separator = "\t" if "\t" in first else "," if "," in first else None
    return [
        (j, [cell.strip().strip("\"'") for cell in line.split(separator)]) for j, line in numbered
    ]


def _require_square(
    file: Path, names: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> None:
    if names and pd.to_numeric(pd.Series(names), errors="coerce").notna().all():
        raise DataError(
            f"{file}: expected names of variants in the first line, found {names[0]!r}: plink "
            "--r square writes none; docs/mendelian.md shows how to add them"
        )
    if len(rows) != len(names):
        raise DataError(
            f"{file}: {len(names)} variants in the first line, and {len(rows)} lines of values: "
            "save it square, with each variant as a column and as a line"
        )
    for line, cells in rows:
        if len(cells) != len(names) + 1:
            raise DataError(
                f"{file}, line {line}: expected a variant and {len(names)} values, found "
                f"{len(cells)} cells: save it square"
            )
    for k, name in enumerate(names):
        line, found = rows[k][0], rows[k][1][0]
        if found != name or not name:
            raise DataError(
                f"{file}, line {line}: the line is named {found!r}, and value column {k + 1} "
                f"{name!r}: give lines and columns the same names in the same order"
            )


def _values(
    file: Path, names: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> FloatArray:  # fmt: skip
    text = pd.DataFrame([cells[1:] for _, cells in rows])
    matrix = text.apply(pd.to_numeric, errors="coerce").to_numpy(float)
    wrong = ~(np.abs(matrix) <= 1 + DIGITS)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise DataError(
            f"{file}, line {rows[i][0]}, column {names[j]!r}: expected a correlation from -1 to 1, "
            f"found {text.iat[i, j]!r} ({int(wrong.sum())} such values): correct it, or take the "
            "variant out of lines and columns (plink writes nan for one that does not vary)"
        )
    off = np.abs(np.diag(matrix) - 1) > DIGITS
    if off.any():
        i = int(np.argmax(off))
        raise DataError(
            f"{file}, line {rows[i][0]}, column {names[i]!r}: expected 1, the correlation of a "
            f"variant with itself, found {text.iat[i, i]!r}: lines and columns are not in one "
            "order, or these are no correlations"
        )
    return matrix


def _require_symmetry(
    file: Path, names: Sequence[str], rows: Sequence[tuple[int, list[str]]], matrix: FloatArray
) -> None:
    apart = np.abs(matrix - matrix.T)
    if apart.max() > 2 * DIGITS:
        i, j = divmod(int(np.argmax(apart)), len(names))
        raise DataError(
            f"{file}, line {rows[i][0]}, column {names[j]!r}: found {matrix[i, j]:g}, and "
            f"{matrix[j, i]:g} in line {rows[j][0]}, column {names[i]!r}: a correlation is the "
            "same both ways; save the whole square (plink --r square)"
        )


def _require_semidefinite(file: Path, matrix: FloatArray) -> None:
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest < -len(matrix) * DIGITS:
        raise DataError(
            f"{file}: no set of people has these correlations (smallest eigenvalue "
            f"{smallest:.3g}; expected 0 or above): take all of them from the same people, without "
            "missing genotypes, and save six digits"
        )


def _require_signs(file: Path, matrix: FloatArray) -> None:
    """Refuse squares of correlations: which allele is counted is chance, and so are signs of r."""
    apart = matrix[np.triu_indices(len(matrix), 1)]
    apart = apart[np.abs(apart) > DIGITS]
    linked = (np.abs(matrix - np.eye(len(matrix))) > DIGITS).any(axis=1).sum()
    if linked >= _ENOUGH and (apart > 0).all():
        raise DataError(
            f"{file}: none of {len(apart)} correlations is negative: these look like r squared; "
            "save r (plink --r square, not --r2)"
        )


def _named(
    file: Path, names: Sequence[str], alleles: str
) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...] | None]:
    """Return the variants and, where names say them, the allele counted and the other one."""
    parts = [name.rsplit("_", 2) for name in names]
    if alleles == "in_name":
        for name, part in zip(names, parts, strict=True):
            if len(part) != 3 or not all(_is_allele(letters) for letters in part[1:]):
                raise DataError(
                    f"{file}, column {name!r}: the name does not say which allele is counted: "
                    "write variant_counted_other, such as rs123_A_G; or, if it is always the "
                    "exposure's effect allele, set alleles: effect_allele"
                )
    variants = [part[0] for part in parts] if alleles == "in_name" else list(names)
    twice = sorted({name for name in variants if variants.count(name) > 1})
    if twice:
        raise DataError(
            f"{file}: variant {twice[0]!r} stands {variants.count(twice[0])} times "
            f"({len(twice)} such variants): keep one line and column of each"
        )
    if alleles != "in_name":
        return tuple(variants), None
    return tuple(variants), tuple((part[1].upper(), part[2].upper()) for part in parts)


def _is_allele(letters: str) -> bool:
    return bool(letters) and set(letters.upper()) <= set("ACGTDI")
