"""The run as a Workflow Run RO-Crate: what was run, on what, with what result.

Takes the files of a run; gives the JSON-LD of ``ro-crate-metadata.json``. Input files are named by
name and digest only: the crate holds no data of people and no folder of a machine. Start and end of
the run stand here and in no other released file, so those are the same bytes in every run.

Written for RO-Crate 1.1 and the profiles Process Run Crate and Workflow Run Crate 0.5
(https://www.researchobject.org/workflow-run-crate).
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from igfmood.files import write_text

Entity = dict[str, Any]

NAME = "ro-crate-metadata.json"
CONTEXT = (
    "https://w3id.org/ro/crate/1.1/context",
    "https://w3id.org/ro/terms/workflow-run/context",
)
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
LICENCE = "https://spdx.org/licenses/MIT"
_FORMATS = {
    ".csv": "text/csv", ".json": "application/json", ".html": "text/html",
    ".yaml": "application/yaml", ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


@dataclass(frozen=True)
class Run:
    """A run of the workflow.

    Parameters
    ----------
    study, title
        What was asked.
    versions
        Version of this package (``igfmood``), of Snakemake, and of the libraries.
    code
        Digest of the package's code.
    settings
        Settings that are told: name and value.
    started, ended
        When its first job began and its last one ended; not told where that is not known.
    """

    study: str
    title: str
    versions: Mapping[str, str]
    code: str
    settings: Mapping[str, str | int]
    started: datetime | None = None
    ended: datetime | None = None


def metadata(
    run: Run, folder: Path, outputs: Sequence[Path], workflow: Path, inputs: Sequence[Path],
    results: Sequence[Path] = (),
) -> Entity:  # fmt: skip
    """Return the metadata of a crate.

    Parameters
    ----------
    run
        What is known of the run.
    folder
        The crate: where outputs and workflow are.
    outputs
        Released files, each with a place in the crate.
    workflow
        The workflow's file in the crate.
    inputs, results
        Files that the run read and made and that are not in the crate: name and digest only.
    """
    files = [_file(path, folder) for path in outputs]
    read = [_named(path) for path in dict.fromkeys(inputs)]
    made = [_named(path) for path in results]
    settings = [
        {"@id": f"#setting-{name}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in run.settings.items()
    ]
    main = _workflow(workflow.relative_to(folder).as_posix(), run)
    action = {
        "@id": "#run", "@type": "CreateAction", "name": f"Run of igfmood on study {run.study}",
        "instrument": _to(main), "object": [_to(one) for one in (*read, *settings)],
        "result": [_to(one) for one in (*files, *made)],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        **({"startTime": _time(run.started)} if run.started else {}),
        **({"endTime": _time(run.ended)} if run.ended else {}),
    }  # fmt: skip
    root = _root(run, [main, *files], main, action)
    rest = [main, *_software(run), action, *files, *_once([*read, *made]), *settings]
    return {"@context": list(CONTEXT), "@graph": [_descriptor(), root, *rest]}


def write_crate(crate: Entity, folder: Path) -> None:
    """Write the metadata into the folder of the crate."""
    text = json.dumps(crate, ensure_ascii=False, indent=1) + "\n"
    write_text(text, folder / NAME)


def times(benchmarks: Path) -> tuple[datetime | None, datetime | None]:
    """Return when the first job of a run began and the last one ended, from its benchmarks.

    A benchmark is written when its job ends, and holds how long that took. After a repetition of
    some jobs these are the first and last of those that the results come from.
    """
    spans = []
    for path in benchmarks.rglob("*.tsv"):
        seconds = pd.read_csv(path, sep="\t", usecols=["s"])["s"].max()
        ended = path.stat().st_mtime
        spans.append((ended - float(seconds), ended))
    if not spans:
        return None, None
    first, last = min(begun for begun, _ in spans), max(ended for _, ended in spans)
    return datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)


def _descriptor() -> Entity:
    conforms = [
        "https://w3id.org/ro/crate/1.1",
        "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
    ]
    return {
        "@id": NAME, "@type": "CreativeWork", "about": {"@id": "./"},
        "conformsTo": [{"@id": one} for one in conforms],
    }  # fmt: skip


def _root(run: Run, parts: Sequence[Entity], main: Entity, action: Entity) -> Entity:
    published = run.ended or datetime.fromtimestamp(0, UTC)
    return {
        "@id": "./", "@type": "Dataset", "name": run.title or run.study,
        "description": f"What may leave the study {run.study}: tables of the report, results, "
        "models, and the run that they come from. It holds no data of people.",
        "datePublished": published.date().isoformat(),
        "license": {"@id": "#licence-of-results"},
        "conformsTo": [{"@id": one} for one in PROFILES],
        "hasPart": [_to(one) for one in parts],
        "mainEntity": _to(main), "mentions": [_to(action)],
    }  # fmt: skip


def _workflow(place: str, run: Run) -> Entity:
    return {
        "@id": place, "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "igfmood", "version": run.versions["igfmood"], "identifier": run.code,
        "description": "Table of contents of the workflow. The package igfmood of this version has "
        "the rules and the code; identifier is the digest of that code, as in the results.",
        "license": {"@id": LICENCE}, "programmingLanguage": {"@id": "#snakemake"},
        "softwareRequirements": [
            {"@id": f"#{name}"} for name in run.versions if name not in ("igfmood", "snakemake")
        ],
    }  # fmt: skip


def _software(run: Run) -> list[Entity]:
    profiles = [
        {"@id": one, "@type": "CreativeWork", "name": name, "version": one.rsplit("/", 1)[1]}
        for one, name in PROFILES.items()
    ]
    licences = [
        {"@id": LICENCE, "@type": "CreativeWork", "name": "MIT License"},
        {"@id": "#licence-of-results", "@type": "CreativeWork", "name": "Not stated",
         "description": "Whoever keeps the data of the study says how its results may be used."},
    ]  # fmt: skip
    language = {
        "@id": "#snakemake", "@type": "ComputerLanguage", "name": "Snakemake",
        "version": run.versions["snakemake"], "url": {"@id": "https://snakemake.readthedocs.io"},
        "identifier": {"@id": "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"},
    }  # fmt: skip
    libraries = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": found}
        for name, found in run.versions.items() if name not in ("igfmood", "snakemake")
    ]  # fmt: skip
    return [language, *libraries, *profiles, *licences]


def _file(path: Path, folder: Path) -> Entity:
    """Return a file of the crate."""
    return {
        "@id": path.relative_to(folder).as_posix(), "@type": "File", "name": path.name,
        "encodingFormat": _FORMATS.get(path.suffix, "application/octet-stream"),
        "contentSize": str(path.stat().st_size), "sha256": _digest(path).hex(),
    }  # fmt: skip


def _named(path: Path) -> Entity:
    """Return a file that is not in the crate: named by its digest (RFC 6920)."""
    digest = _digest(path)
    name = base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
    return {
        "@id": f"ni:///sha-256;{name}", "@type": "CreativeWork", "name": path.name,
        "sha256": digest.hex(), "description": "Not part of the crate: name and digest only.",
    }  # fmt: skip


def _once(entities: Sequence[Entity]) -> list[Entity]:
    """Return each entity once: files with the same content have one name."""
    return list({one["@id"]: one for one in entities}.values())


def _digest(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _to(entity: Entity) -> Entity:
    return {"@id": entity["@id"]}


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
