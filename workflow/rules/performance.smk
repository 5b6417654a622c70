# Participants of all cohorts -> out-of-fold predictions, what they are worth, and frozen models.


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
    threads: 8  # as many as there are cores, up to this
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


rule freeze:
    input:
        participants=expand("<results>/cohorts/{cohort}/participants.parquet", cohort=COHORTS),
        references=REFERENCES,
        overlap="<results>/pooled/overlap.json",
    output:
        models=directory("<results>/release/models"),
    log:
        "<logs>/freeze.log",
    benchmark:
        "<benchmarks>/freeze.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, input: int(1000 + 50 * input.size_mb),
        runtime=20,
    params:
        study=STUDY.for_stage("performance"),
        code=code_digest("performance"),
    message:
        "building models from everybody"
    script:
        "../scripts/freeze.py"
