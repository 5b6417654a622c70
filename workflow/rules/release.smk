# The report and what it was written from -> what may leave the study, beside the frozen models.


rule release:
    input:
        report="<results>/report.html",
        results="<results>/pooled/results.parquet",
        verdicts="<results>/pooled/verdicts.json",
        lock="<results>/pooled/lock.json",
        config="<results>/config.used.yaml",
        claims=STUDY.claims,
        flows=expand("<results>/cohorts/{cohort}/flow.json", cohort=COHORTS),
        models="<results>/release/models",
        read=[path for paths in TABLES.values() for path in paths] + GENETICS + PUBLISHED,
    output:
        workbook="<results>/release/results.xlsx",
        table="<results>/release/results.parquet",
        codebook="<results>/release/codebook.csv",
        workflow="<results>/release/workflow/Snakefile",
        crate="<results>/release/ro-crate-metadata.json",
    log:
        "<logs>/release.log",
    benchmark:
        "<benchmarks>/release.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        benchmarks=(RESULTS / "benchmarks").as_posix(),
        code=code_digest("report"),
    message:
        "writing what may leave the study"
    script:
        "../scripts/release.py"
