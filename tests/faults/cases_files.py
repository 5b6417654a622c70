"""Faults of files: where they lie, how they are packed, encoded and laid out."""

import gzip
import os
from pathlib import Path

from faults.case import Case, fails, misconfigured, refused
from faults.sound import (
    HEADER,
    N_ROWS,
    SOUND,
    Make,
    cells,
    changed,
    file,
    rows,
    text_of,
    together,
)  # fmt: skip
from igfmood.synthesis.published.read import COLUMNS

_PACKED = gzip.compress(SOUND.encode())
_GZ = {"table": "clinic.csv.gz"}
_LINES = SOUND.splitlines()
_UMLAUT = text_of(changed({(7, "sex"): "männlich"}))
_GERMAN = {"columns": {"sex": {"column": "sex", "recode": {"männlich": "male"}}}}


def _elsewhere(data: Path) -> None:
    outside = data.parent / "outside.csv"
    outside.write_text(SOUND, encoding="utf-8")
    (data / "clinic.csv").symlink_to(outside)


def _folder(data: Path) -> None:
    (data / "clinic.csv").mkdir()


def _sparse(data: Path) -> None:
    with open(data / "clinic.csv", "wb") as stream:
        stream.write(SOUND.encode())
        stream.truncate(10 * 10**9)


def _unreadable(data: Path) -> None:
    file(SOUND)(data)
    os.mkfifo(data / "pipe.csv")


def _bomb(member: bytes, times: int) -> bytes:
    """Return gzip members in a row, each of which unpacks to the same text."""
    return _PACKED + gzip.compress(member, 9) * times


def _nothing(data: Path) -> None:
    """Write no file."""


def _last(cells_of_row: str) -> str:
    return "\n".join([*_LINES[:-1], cells_of_row]) + "\n"


PLACES = [
    refused("file missing", _nothing, "cohort 'clinic'", "data/clinic.csv is not there",
            "check data_root"),
    refused("folder instead of a file", _folder, "data/clinic.csv is not there"),
    refused("named pipe instead of a file", _unreadable, "data/pipe.csv is not there",
            entry={"table": "pipe.csv"}),
    refused("link out of the data folder", _elsewhere, "cohort 'clinic'", "'clinic.csv'",
            "must lie below data_root", "is a link to"),
    misconfigured("path that climbs out", {"table": "../clinic.csv"}, "'../clinic.csv'",
                  "must lie below data_root", "without '..'"),
    misconfigured("path that climbs within", {"table": "a/../../data/clinic.csv"},
                  "must lie below data_root"),
    misconfigured("absolute path", {"table": "/etc/hostname.csv"}, "'/etc/hostname.csv'",
                  "must lie below data_root", "relative path"),
    misconfigured("old workbook", {"table": "clinic.xls"}, "'clinic.xls' ends in '.xls'",
                  "save it as .xlsx"),
    misconfigured("R data", {"table": "clinic.rds"}, "ends in '.rds'", "write it from R"),
    misconfigured("zip archive", {"table": "clinic.csv.zip"}, "ends in '.zip'", "unpack it"),
    misconfigured("no ending", {"table": "clinic"}, "ends in ''", "allowed: .csv"),
]  # fmt: skip

PACKING = [
    refused("gzip cut off", file(_PACKED[: len(_PACKED) // 2], "clinic.csv.gz"),
            "data/clinic.csv.gz cannot be read", "end-of-stream", "get it again", entry=_GZ),
    refused("gzip with damaged bytes",
            file(_PACKED[:300] + b"\xff" * 40 + _PACKED[340:], "clinic.csv.gz"),
            "data/clinic.csv.gz cannot be read", "get it again", entry=_GZ),
    refused("gzip that is none", file(SOUND, "clinic.csv.gz"), "data/clinic.csv.gz cannot be read",
            "gzip", "without .gz", entry=_GZ),
    refused("plain name over gzip", file(_PACKED), "data/clinic.csv", "cannot be read"),
    fails("gzip bomb of rows",
          file(_bomb(b"P001,40,female,150.5,control,3,25.1\n" * 280_000, 15), "clinic.csv.gz"),
          "data/clinic.csv.gz", "unpacked it is larger than", "check the file", entry=_GZ),
    refused("gzip bomb of one line", file(_bomb(b"1" * 10**7, 7), "clinic.csv.gz"),
          "data/clinic.csv.gz", "line longer than", entry=_GZ),
    refused("sparse file that looks like 10 GB", _sparse, "data/clinic.csv", "zero bytes"),
]  # fmt: skip

ENCODINGS = [
    refused("latin-1 declared as utf-8", file(_UMLAUT.encode("latin-1")), "data/clinic.csv",
            "not text in utf-8", "declare format.encoding",
            entry={"format": {"encoding": "utf-8"}}),
    refused("utf-16 without a mark", file(SOUND.encode("utf-16-le")), "data/clinic.csv",
            "zero bytes", "format.encoding"),
    refused("zero byte in a cell", cells({(30, "bmi"): "2\x005"}), "data/clinic.csv", "zero bytes"),
    refused("encoding that does not exist", file(SOUND), "utf-99", "encoding",
            entry={"format": {"encoding": "utf-99"}}),
    refused("codec that is no text encoding", file(SOUND), "'hex' is not a text encoding",
            "format.encoding", entry={"format": {"encoding": "hex"}}),
    Case("latin-1 that nobody declared", file(_UMLAUT.encode("latin-1")), _GERMAN,
         values={("P007", "sex"): "male"}),
    Case("utf-8 with a byte order mark", file(b"\xef\xbb\xbf" + SOUND.encode())),
    Case("utf-8 with a mark, declared", file(b"\xef\xbb\xbf" + SOUND.encode()),
         {"format": {"encoding": "utf-8"}}),
    Case("utf-16 with a byte order mark", file(SOUND.encode("utf-16"))),
]  # fmt: skip

LAYOUT = [
    refused("empty file", file(b""), "data/clinic.csv", "first line is empty"),
    refused("blank first line", file("\n" + SOUND), "first line is empty", "name the columns"),
    fails("header only", file(_LINES[0] + "\n"), "data/clinic.csv has a header and no rows"),
    fails("header and empty lines", file(_LINES[0] + "\n\n  \n"), "has a header and no rows"),
    fails("second line of units",
          file("\n".join([_LINES[0], ",years,,ng/mL,,points,kg/m2", *_LINES[1:]])),
          "line 2 is no participant", "age: 'years'", "remove it"),
    fails("second line of names", file("\n".join([_LINES[0], *_LINES])), "line 2 is no participant",
          "format.header_row"),
    refused("column that is needed stands twice",
            file(text_of([[*row, "1"] for row in rows()], [*HEADER, "age"])),
            "data/clinic.csv has the columns ['age'] more than once", "rename"),
    Case("column that nobody needs stands twice",
         file(text_of([[*row, "1", "2"] for row in rows()], [*HEADER, "note", "note"]))),
    refused("header in other letters", file(SOUND.replace("id,age", "ID,Age", 1)),
            "column 'id' is not in data/clinic.csv", "did you mean 'ID'?", "did you mean 'Age'?"),
    refused("delimiter that could be two", file(SOUND.replace(",", "; |")), "';'", "'|'",
            "declare format.delimiter"),
    refused("delimiter declared wrong", file(SOUND), "column 'id' is not in",
            entry={"format": {"delimiter": ";"}}),
    Case("row too short", file(_last("P060,33,male")), quarantine={60: "number of fields"}),
    Case("row too long", file(_last(_LINES[-1] + ",extra")), quarantine={60: "number of fields"}),
    fails("quotation mark that is never closed", file(SOUND.replace("P040,", '"P040,')),
          "data/clinic.csv", "quotation mark", "never closed"),
    Case("line break within a cell",
         file(text_of([[*row, "first\nsecond" if row[0] == "P003" else "x"] for row in rows()],
                      [*HEADER, "note"]))),
    Case("empty lines between rows", file(SOUND.replace("\nP030", "\n\n\nP030"))),
    Case("line ends of three kinds", file(SOUND.replace("\n", "\r\n", 30))),
    Case("no line end at the end", file(SOUND.rstrip("\n"))),
    Case("table of a footer", file(SOUND + "Source: ward 7\n"), rows_in=N_ROWS + 1,
         quarantine={61: "number of fields"}),
]  # fmt: skip

_PAPER = {
    "study": "Doe 2001", "year": "2001", "doi": "10.1000/x", "target": "depression",
    "cases": "major depression", "matrix": "serum", "overlap_group": "doe", "given": "d",
    "n_case": "30", "n_control": "40", "value": "0.5", "checked": "abstract",
}  # fmt: skip
_BESIDE = {"published_evidence": "data/published.csv"}


def _papers(*, header: str = ",".join(COLUMNS), **changes: str) -> Make:
    """Return what writes the sound table and one published study with cells changed."""
    paper = {**_PAPER, **changes}
    text = f"{header}\n{','.join(paper.get(name, '') for name in COLUMNS)}\n"
    return together(file(SOUND), file(text, "published.csv"))


PUBLISHED = [
    refused("published table missing", file(SOUND), "published_evidence",
            "data/published.csv is not there", "leave the key out", study=_BESIDE),
    refused("published number in words", _papers(n_case="thirty"),
            "data/published.csv, line 2 (Doe 2001), column 'n_case'", "whole number", "'thirty'",
            "correct it", study=_BESIDE),
    refused("published direction against the numbers", _papers(direction="lower"),
            "data/published.csv, line 2 (Doe 2001), column 'direction'", "expected higher",
            "found 'lower'", "exchanged", study=_BESIDE),
    refused("published table with semicolons", _papers(header=";".join(COLUMNS)),
            "data/published.csv has no column 'study'", "parted by commas", study=_BESIDE),
    refused("cohort published as a group that is not there", _papers(), "published_as", "'nesda'",
            "there are doe", study=_BESIDE, entry={"published_as": "nesda"}),
    Case("published table that is sound", _papers(), {"published_as": "doe"}, _BESIDE),
]  # fmt: skip

CASES = [*PLACES, *PACKING, *ENCODINGS, *LAYOUT, *PUBLISHED]
