#!/bin/sh
# What became of a SLURM job: `success`, `running` or `failed`, in one word for Snakemake. For the
# reader, of a failed job: its name, node, state and log, and what SLURM wrote there as the reason.
# Asks the controller; a job that it has forgotten (MinJobAge), the accounting database, if any.
about=$(scontrol --oneliner show job "$1" 2>&1)
field() { # field NAME: its value, which may hold blanks
    case $about in
    *" $1="*)
        value=${about#*" $1="}
        echo "${value%% [A-Z]*=*}"
        ;;
    *) echo unknown ;;
    esac
}
case $about in
*JobState=*) state=$(field JobState) ;;
*"Invalid job id"*)
    state=$(sacct --noheader --parsable2 --allocations --jobs="$1" --format=State 2>/dev/null)
    state=${state:-FORGOTTEN}
    ;;
*) state=UNREACHABLE ;; # asked again at the next turn
esac
case $state in
COMPLETED) echo success ;;
BOOT_FAIL | CANCELLED* | DEADLINE | FAILED | FORGOTTEN | LAUNCH_FAILED | NODE_FAIL | \
    OUT_OF_MEMORY | PREEMPTED | REVOKED | TIMEOUT)
    {
        echo "SLURM job $1 ($(field JobName)) on $(field NodeList): $state; log: $(field StdOut)"
        sed -n 's/^slurmstepd[^ ]*: error: /  /p' "$(field StdOut)" 2>/dev/null
    } >&2
    echo failed
    ;;
*) echo running ;;
esac
