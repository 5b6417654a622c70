# Worlds of known truth -> error rates; all results and the claims -> one table, and verdicts.


rule operating:
    input:
        claims=STUDY.claims,
        participants=expand("<results>/cohorts/{cohort}/participants.parquet", cohort=COHORTS),
        references=REFERENCES,
        overlap="<results>/pooled/overlap.json",
        published=PUBLISHED,
    output:
        outcomes="<results>/pooled/operating/{part}.parquet",
    log:
        "<logs>/operating.{part}.log",
    benchmark:
        "<benchmarks>/operating.{part}.tsv"
    conda:
        "../../environment.yml"
    threads: 8  # as many as there are cores, up to this
    resources:
        mem_mb=lambda wildcards, input: int(1500 + 50 * input.size_mb),
        runtime=120,
    params:
        study=STUDY.for_stage("operating"),
        code=code_digest("evidence"),
    message:
        "trying the claims in worlds of known truth"
    script:
        "../scripts/operating.py"


rule evidence:
    input:
        claims=STUDY.claims,
        cohorts=expand("<results>/cohorts/{cohort}/cohort.parquet", cohort=COHORTS),
        association=expand("<results>/cohorts/{cohort}/association.parquet", cohort=COHORTS),
        pooled=expand(
            "<results>/pooled/{stage}.parquet", stage=["overlap", "synthesis", "performance"]
        ),
        worlds=expand("<results>/pooled/operating/{part}.parquet", part=WORLD_PARTS),
        lock=[LOCK] if LOCK else [],
        genetics=GENETICS,
        published=PUBLISHED,
    output:
        results="<results>/pooled/results.parquet",
        verdicts="<results>/pooled/verdicts.json",
        lock="<results>/pooled/lock.json",
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
        analysis=analysis_parts(STUDY),
        code=code_digest("evidence"),
    message:
        "judging the claims"
    script:
        "../scripts/evidence.py"
