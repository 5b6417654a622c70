# Participants -> out-of-fold predictions, what they are worth, and frozen models.


rule cross_validation:
    input:
        participants="<results>/cohorts/{cohort}/participants.parquet",
        reference=cohort_reference,
    output:
        results="<results>/cohorts/{cohort}/cross_validation.parquet",
        predictions="<results>/cohorts/{cohort}/predictions.parquet",
    log:
        "<logs>/cross_validation.{cohort}.log",
    benchmark:
        "<benchmarks>/cross_validation.{cohort}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, input: int(1000 + 50 * input.size_mb),
        runtime=60,
    params:
        study=lambda wildcards: STUDY.for_stage("performance", wildcards.cohort),
        code=code_digest("performance"),
    message:
        "{wildcards.cohort}: cross-validating prediction models"
    script:
        "../scripts/cross_validation.py"


rule performance:
    input:
        participants=expand("<results>/cohorts/{cohort}/participants.parquet", cohort=COHORTS),
        within=expand("<results>/cohorts/{cohort}/cross_validation.parquet", cohort=COHORTS),
        predictions=expand("<results>/cohorts/{cohort}/predictions.parquet", cohort=COHORTS),
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
