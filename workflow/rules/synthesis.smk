# Estimates of all cohorts -> pooled estimates.


rule synthesis:
    input:
        results=expand("<results>/cohorts/{cohort}/association.parquet", cohort=COHORTS),
        participants=expand("<results>/cohorts/{cohort}/participants.parquet", cohort=COHORTS),
        overlap="<results>/pooled/overlap.json",
        genetics=GENETICS,
        published=PUBLISHED,
    output:
        results="<results>/pooled/synthesis.parquet",
    log:
        "<logs>/synthesis.log",
    benchmark:
        "<benchmarks>/synthesis.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.for_stage("synthesis"),
        populations=POPULATIONS,
        code=code_digest("synthesis"),
    message:
        "pooling over cohorts"
    script:
        "../scripts/synthesis.py"
