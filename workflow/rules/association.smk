# Participants -> every estimate of one cohort.


rule association:
    input:
        participants="<results>/cohorts/{cohort}/participants.parquet",
    output:
        results="<results>/cohorts/{cohort}/association.parquet",
    log:
        "<logs>/association.{cohort}.log",
    benchmark:
        "<benchmarks>/association.{cohort}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, input: int(1000 + 20 * input.size_mb),
        runtime=20,
    params:
        study=lambda wildcards: STUDY.for_stage("association", wildcards.cohort),
        estimands=ESTIMANDS,
        code=code_digest("association"),
    message:
        "{wildcards.cohort}: estimating"
    script:
        "../scripts/association.py"
