# Raw table -> participants with comparable IGF-1; what could not be used; the flow of rows.


rule participants:
    input:
        table=cohort_table,
    output:
        participants="<results>/cohorts/{cohort}/participants.parquet",
        flow="<results>/cohorts/{cohort}/flow.json",
        results="<results>/cohorts/{cohort}/cohort.parquet",
        quarantine="<results>/private/{cohort}/quarantine.csv",
    log:
        "<logs>/participants.{cohort}.log",
    benchmark:
        "<benchmarks>/participants.{cohort}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, input: int(1000 + 20 * input.size_mb),
        runtime=20,
    params:
        study=lambda wildcards: STUDY.for_stage("normalise", wildcards.cohort),
        code=code_digest("normalise"),
    message:
        "{wildcards.cohort}: reading, coding, standardising"
    script:
        "../scripts/participants.py"
