"""Disks that are full or closed, files that are cut off, and results that are not for all."""

import shutil
import stat
from pathlib import Path

from faults.interrupted.runs import RESULTS, files_of, run
from workflow.project import Project


def on_disk(options: str) -> tuple[str, ...]:
    """Return what gives a run a disk of its own for its results."""
    mount = f'mount -t tmpfs -o {options} tmpfs results && exec "$@"'
    return ("unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh")


def test_a_full_disk_is_told_and_nothing_of_it_stays(study: Project, expected: dict[str, str]):
    (study.folder / "results").mkdir()
    full = run(study, before=on_disk("size=1500k"))
    assert full.process.returncode != 0
    assert "No space left on device" in full.said()
    again = run(study, "--rerun-incomplete")
    assert again.process.returncode == 0, again.said()
    assert files_of(study) == expected


def test_results_that_cannot_be_written_are_told_by_name(study: Project, expected: dict[str, str]):
    (study.folder / "results").mkdir()
    closed = run(study, before=on_disk("ro"))
    assert closed.process.returncode != 0
    assert "Read-only file system" in closed.said()
    assert "results" in closed.said()
    again = run(study)
    assert again.process.returncode == 0, again.said()
    assert files_of(study) == expected


def test_a_table_that_is_cut_off_is_told_and_mended_by_running_its_job_again(
    undisturbed: Project, tmp_path: Path, expected: dict[str, str]
):
    project = Project(tmp_path / "copy")
    shutil.copytree(undisturbed.folder, project.folder, symlinks=True)
    table = project.folder / RESULTS / "cohorts/clinic/participants.parquet"
    whole = table.read_bytes()
    table.write_bytes(whole[: len(whole) // 2])
    broken = run(project)
    assert broken.process.returncode != 0
    assert "cohorts/clinic/participants.parquet" in broken.said()
    assert "--forcerun" in broken.said()
    mended = run(project, "--forcerun", "participants", "--rerun-incomplete")
    assert mended.process.returncode == 0, mended.said()
    assert files_of(project) == expected


def test_results_are_for_owner_and_group_alone(undisturbed: Project):
    for path in [undisturbed.folder / "results", *(undisturbed.folder / "results").rglob("*")]:
        if not path.is_symlink():
            assert not stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO, path
