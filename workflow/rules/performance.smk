# Participants of all cohorts -> out-of-fold predictions, and what they are worth.


rule performance:
    input:
        participants=expand("<results>/cohorts/{cohort}/participants.parquet", cohort=COHORTS),
        references=REFERENCES,
        overlap="<results>/pooled/overlap.json",
    output:
        results="<results>/pooled/performance.parquet",
        predictions="<results>/pooled/predictions.parquet",
    log:
        "<logs>/performance.log",
    benchmark:
        "<benchmarks>/performance.tsv"
    conda:
        "../../environment.yml"
    threads: 8 # as many as there are cores, up to this
    resources:
        mem_mb=lambda wildcards, input: int(2000 + 50 * input.size_mb),
        runtime=60,
    params:
        study=STUDY.for_stage("performance"),
        code=code_digest("performance"),
    message:
        "validating prediction models"
    script:
        "../scripts/performance.py"
