# All results and the claims -> one table of results, and verdicts.


rule evidence:
    input:
        claims=STUDY.claims,
        cohorts=expand("<results>/cohorts/{cohort}/cohort.parquet", cohort=COHORTS),
        association=expand("<results>/cohorts/{cohort}/association.parquet", cohort=COHORTS),
        pooled=expand(
            "<results>/pooled/{stage}.parquet", stage=["overlap", "synthesis", "performance"]
        ),
    output:
        results="<results>/pooled/results.parquet",
        verdicts="<results>/pooled/verdicts.json",
    log:
        "<logs>/evidence.log",
    benchmark:
        "<benchmarks>/evidence.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.for_stage("evidence"),
        code=code_digest("evidence"),
    message:
        "judging the claims"
    script:
        "../scripts/evidence.py"
