"""A private SLURM of two virtual nodes on this machine, for as long as the tests need it.

Takes the programs of SLURM and munge and an empty folder; gives a cluster whose every file is in
that folder, the environment in which its commands work, and what became of its jobs. Nothing
outside the folder is touched, and every daemon is ended by its pid.
"""

import os
import pwd
import re
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

NODES = ("c1", "c2")
#: CPUs of a node. A daemon refuses to serve more than its machine has.
CPUS = 2
#: Memory of a node, in MB; a daemon refuses to serve more than its machine has.
MEMORY = 6_000
#: Programs of the system administrator are not on everybody's path.
PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
NEEDED = ("munged", "sbatch", "scontrol", "slurmctld", "slurmd", "squeue", "srun")

#: Names in braces are filled in; a line for each node follows.
CONFIGURATION = """\
ClusterName=igfmood
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmUser={user}
SlurmdUser={user}
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
ReturnToService=2
# Two nodes of one machine, without control groups, which need more rights than a test has: the
# memory of a job is looked at every second, and one that has more than it asked for is killed.
ProctrackType=proctrack/linuxproc
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
# What no node can give is refused at once, and not left pending for ever.
EnforcePartLimits=ALL
KillWait=2
MessageTimeout=60
# No accounting database: a line for each job that ended is all that is kept.
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.txt
PartitionName=main Nodes=ALL Default=YES MaxTime=24:00:00 State=UP
"""


@dataclass(frozen=True)
class Ended:
    """A job that ended, as SLURM recorded it."""

    number: int
    name: str
    state: str
    node: str
    limit: str
    seconds: int
    asked: str

    @classmethod
    def of(cls, line: str) -> "Ended":
        """Read a line of SLURM's record."""
        said = dict(re.findall(r"(\w+)=(\S*)", line))
        began, ended = (datetime.fromisoformat(said[at]) for at in ("StartTime", "EndTime"))
        return cls(
            int(said["JobId"]), said["Name"], said["JobState"], said["NodeList"],
            said["TimeLimit"], round((ended - began).total_seconds()), said["Tres"],
        )  # fmt: skip


@dataclass
class Slurm:
    """A controller, a daemon for each node, and munge, which tells them who is who."""

    folder: Path
    _daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What the commands of this cluster need, and nothing of another one."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("SLURM", "SBATCH", "SNAKEMAKE", "PYTHONPATH"))
        }
        path = os.pathsep.join([str(self.folder / "bin"), PATH])
        return kept | {"SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        """Start the daemons, and wait until both nodes are ready."""
        for part in ("state", "bin", *(f"spool-{node}" for node in NODES)):
            (self.folder / part).mkdir(parents=True)
        self._write_configuration()
        key = self.folder / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        own = {"socket": "socket", "key-file": "key", "pid-file": "pid", "log-file": "log"}
        files = [f"--{option}={self.folder}/munge.{end}" for option, end in own.items()]
        # --force: the folder is private, which munge takes for a mistake.
        self._start("munged", "--foreground", "--force", f"--seed-file={key}.seed", *files)
        wait_for(lambda: (self.folder / "munge.socket").exists(), 10, "munge")
        self._start("slurmctld", "-D")
        for node in NODES:
            self._start("slurmd", "-D", "-N", node)
        wait_for(lambda: self._idle() == set(NODES), 60, "the nodes")

    def stop(self) -> None:
        """Cancel every job, and end the daemons in the reverse order of their start."""
        try:
            if len(self._daemons) > 1:
                for job in self.run("squeue", "--noheader", "--format=%i").split():
                    self.run("scancel", job)
                wait_for(lambda: not self.run("squeue", "--noheader"), 30, "cancelled jobs")
        finally:
            while self._daemons:
                daemon = self._daemons.pop()
                daemon.terminate()
                try:
                    daemon.wait(15)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()

    def run(self, *words: str) -> str:
        """Run a command of SLURM, and return what it printed."""
        done = subprocess.run(
            words, env=self.environment, capture_output=True, text=True, check=True, timeout=120
        )
        return done.stdout.strip()

    def running(self, name: str) -> list[int]:
        """Return the numbers of the jobs that run and whose name begins so."""
        lines = self.run("squeue", "--noheader", "--states=RUNNING", "--format=%i %j").splitlines()
        return [int(line.split()[0]) for line in lines if line.split()[1].startswith(name)]

    def ended(self) -> list[Ended]:
        """Return every job that ended, in the order of their ends."""
        record = self.folder / "jobs.txt"
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
        return [Ended.of(line) for line in lines]

    def processes(self, job: int) -> Iterator[int]:
        """Yield the numbers of the processes that run Python for a job, the youngest first."""
        for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: -int(path.name)):
            try:
                surroundings = (entry / "environ").read_bytes().split(b"\0")
                command = (entry / "cmdline").read_bytes()
            except OSError:  # it has ended, or is somebody else's
                continue
            ours = f"SLURM_CONF={self.folder}/slurm.conf".encode() in surroundings
            if ours and f"SLURM_JOB_ID={job}".encode() in surroundings and b"python" in command:
                yield int(entry.name)

    def _idle(self) -> set[str]:
        try:
            return set(self.run("sinfo", "--noheader", "--states=idle", "-N", "-o", "%N").split())
        except subprocess.CalledProcessError:  # the controller is not there yet
            return set()

    def _start(self, program: str, *words: str) -> None:
        found = shutil.which(program, path=PATH)
        assert found is not None, f"{program} is not installed"
        with open(self.folder / f"{program}.out", "ab") as said:
            # In a session of its own: Ctrl-C is for the tests, which then end it.
            daemon = subprocess.Popen(
                [found, *words], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=said, stderr=said, start_new_session=True,
            )  # fmt: skip
        self._daemons.append(daemon)

    def _write_configuration(self) -> None:
        controller, *nodes = free_ports(1 + len(NODES))
        text = CONFIGURATION.format(
            folder=self.folder, port=controller, user=pwd.getpwuid(os.getuid()).pw_name,
            host=socket.gethostname().split(".")[0],
        )  # fmt: skip
        for node, port in zip(NODES, nodes, strict=True):
            text += (
                f"NodeName={node} NodeHostname={node} NodeAddr=127.0.0.1 Port={port} "
                f"CPUs={CPUS} RealMemory={MEMORY} State=UNKNOWN\n"
            )
        (self.folder / "slurm.conf").write_text(text, encoding="utf-8")
        # The official plugin takes SLURM_CONF from its jobs, where it starts srun.
        shim = self.folder / "bin" / "srun"
        real = shlex.quote(str(shutil.which("srun", path=PATH)))
        told = shlex.quote(str(self.folder / "slurm.conf"))
        shim.write_text(f'#!/bin/sh\nSLURM_CONF={told} exec {real} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)


def lacking() -> list[str]:
    """Return the programs that are not installed."""
    return [name for name in NEEDED if shutil.which(name, path=PATH) is None]


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def wait_for(met: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until a condition is met."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.25)
