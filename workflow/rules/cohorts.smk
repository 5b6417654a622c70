# Raw table -> participants with comparable IGF-1; what could not be used; the flow of rows.


rule participants:
    input:
        tables=cohort_tables,
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


# Participants of all cohorts -> which cohorts hold the same people, and which is left out.


rule overlap:
    input:
        participants=expand("<results>/cohorts/{cohort}/participants.parquet", cohort=COHORTS),
    output:
        results="<results>/pooled/overlap.parquet",
        decision="<results>/pooled/overlap.json",
    log:
        "<logs>/overlap.log",
    benchmark:
        "<benchmarks>/overlap.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, input: int(1000 + 20 * input.size_mb),
        runtime=20,
    params:
        study=STUDY.for_stage("overlap"),
        code=code_digest("cohort"),
    message:
        "looking for the same people in two cohorts"
    script:
        "../scripts/overlap.py"
