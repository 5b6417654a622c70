"""`igfmood lock`: claims and analysis are fixed, with the time and whether outcomes had been read.

Takes a study file; writes the lock file beside it, or an amendment to the lock that is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from igfmood import __version__
from igfmood.cohort.inputs import genetic_files, table_path
from igfmood.config.claims import Claim
from igfmood.config.load import check_config, config_error, load_claims, read_yaml
from igfmood.config.lock import (
    Lock,
    LockFile,
    Part,
    analysis_parts,
    claim_parts,
    digest,
    lock_path,
    read_lock,
)
from igfmood.config.study import Study
from igfmood.errors import ConfigError
from igfmood.evidence.prespecified import GENETICS, PUBLISHED, amended
from igfmood.files import write_json
from igfmood.intake.marks import refuse_unconfirmed
from igfmood.provenance import code_digest, file_digest

#: Results that hold outcomes beside the analyte. What a blind run writes is in a folder of its own.
_OUTCOMES_READ = ("cohorts/*/*.parquet", "pooled/*.parquet", "report.html", "release/models")


@dataclass(frozen=True)
class Locked:
    """What was written: the file, its locks, and what the last one changed.

    `expected` is where runs of the study look for it.
    """

    path: Path
    expected: Path
    file: LockFile
    changed: Sequence[str] = ()
    written: bool = True


def lock_study(
    study_file: Path, output: Path | None = None, data_root: str | None = None,
    results: Path = Path("results"),
) -> Locked:  # fmt: skip
    """Lock a study, or amend its lock; a lock that says the same already is left as it is.

    Parameters
    ----------
    study_file
        The study file.
    output
        Where the lock goes; as the study says if not given.
    data_root
        Folder of the tables, instead of the one in the file.
    results
        Folder with the results of all studies.

    Raises
    ------
    ConfigError
        If the study has errors or open questions, or the lock that is there is of another study or
        was changed by hand.
    """
    refuse_unconfirmed([study_file])
    config = read_yaml(study_file)
    found = check_config(config if data_root is None else {**config, "data_root": data_root})
    if found.study is None or found.problems:
        raise config_error(found.problems)
    study = found.study
    expected = lock_path(study, study_file)
    path = output or expected
    new = _lock(study, load_claims(study.claims).claims, outcomes_read(results / study.study))
    if not path.is_file():
        file = LockFile(study=study.study, locks=[new])
        _write(file, path)
        return Locked(path, expected, file)
    file = read_lock(path)
    if file.study != study.study:
        raise ConfigError(
            f"{path} is the lock of study {file.study!r}, and this is {study.study!r}: name "
            "another file with -o"
        )
    changed = amended(file.locks[-1], new)
    if not changed:
        return Locked(path, expected, file, written=False)
    file = LockFile(study=file.study, locks=[*file.locks, new])
    _write(file, path)
    return Locked(path, expected, file, changed)


def outcomes_read(folder: Path) -> bool:
    """Return whether results of a study that hold outcomes are in its folder."""
    return any(True for pattern in _OUTCOMES_READ for _ in folder.glob(pattern))


def input_digests(study: Study) -> dict[str, str]:
    """Return the digest of every input whose files are there: of each cohort, and of the others."""
    files = {cohort.name: _paths(study, cohort.files()) for cohort in study.cohorts}
    files[GENETICS] = genetic_files(study)
    files[PUBLISHED] = [Path(study.published_evidence)] if study.published_evidence else []
    return {
        name: file_digest(paths)
        for name, paths in files.items()
        if paths and all(path.is_file() for path in paths)
    }


def _paths(study: Study, tables: Sequence[str]) -> list[Path]:
    return [table_path(study.data_root, table) for table in tables]


def _lock(study: Study, claims: Sequence[Claim], read: bool) -> Lock:
    said = claim_parts(claims)
    return Lock(
        time=datetime.now(UTC).isoformat(timespec="seconds"), outcomes_read=read,
        igfmood=__version__, code=code_digest("evidence"), tables=input_digests(study),
        claims_hash=digest(said),
        claims={name: Part.of(content) for name, content in said.items()},
        analysis={name: Part.of(content) for name, content in analysis_parts(study).items()},
    ).sealed()  # fmt: skip


def _write(file: LockFile, path: Path) -> None:
    write_json(file.model_dump(mode="json"), path)


def told(locked: Locked) -> list[str]:
    """Return what was done, in lines for the console."""
    last = locked.file.locks[-1]
    lines = []
    if locked.path.resolve() != locked.expected.resolve():
        lines = [
            f"Runs look for the lock at {locked.expected}: write `lock: {locked.path}` into the "
            "study file."
        ]
    if not locked.written:
        return [f"{locked.path} says all this already ({last.named}): nothing is written", *lines]
    what = "amendment" if len(locked.file.locks) > 1 else "lock"
    claims = f"{len(last.claims)} claim{'s' if len(last.claims) != 1 else ''}"
    said = [f"{locked.path}: {what} of {last.named}; {claims}"]
    said += [f"  {text}" for text in locked.changed]
    if last.outcomes_read:
        said.append(
            f"  Outcomes had been read: results of {locked.file.study} are there. This {what} is "
            "kept, and does not make a claim pre-specified."
        )
    return [*said, *lines]
