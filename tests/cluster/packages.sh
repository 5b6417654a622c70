#!/bin/sh
# Installs what the tests on a cluster need and this machine lacks: SLURM and munge, as Debian and
# Ubuntu package them. Ends with 1 where they can neither be found nor installed.
set -eu

PATH=$PATH:/usr/sbin:/sbin
lacking() {
    for tool in munged sbatch scontrol slurmctld slurmd squeue srun; do
        command -v "$tool" >/dev/null || echo "$tool"
    done
}

[ -n "$(lacking)" ] || exit 0
if command -v apt-get >/dev/null; then
    echo "Installing SLURM and munge ..."
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq >/dev/null
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        munge slurm-client slurmctld slurmd >/dev/null
fi
[ -z "$(lacking)" ] || {
    echo "The tests on a cluster need SLURM and munge; not found:" $(lacking) >&2
    exit 1
}
