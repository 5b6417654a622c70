# Results and verdicts -> figures and one HTML file; the configuration as used; the closing word.


rule report:
    input:
        results="<results>/pooled/results.parquet",
        verdicts="<results>/pooled/verdicts.json",
        lock="<results>/pooled/lock.json",
        config="<results>/config.used.yaml",
        claims=STUDY.claims,
        authors=[STUDY.authors] if STUDY.authors else [],
        flows=expand("<results>/cohorts/{cohort}/flow.json", cohort=COHORTS),
    output:
        report=reported("<results>/report.html", "report", "Report", "Full report", "all claims"),
        figures=report_figures(),
        vectors=vector_figures(),
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    conda:
        "../../environment.yml"
    threads: 8  # as many as there are cores, up to this
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code_digest("report"),
    message:
        "drawing figures, writing the report"
    script:
        "../scripts/report.py"


rule used_config:
    input:
        claims=STUDY.claims,
    output:
        config="<results>/config.used.yaml",
        claims="<results>/claims.used.yaml",
    log:
        "<logs>/used_config.log",
    benchmark:
        "<benchmarks>/used_config.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        study=STUDY.model_dump(mode="json"),
    message:
        "writing configuration and claims with their defaults"
    script:
        "../scripts/used_config.py"


rule complete:
    input:
        report="<results>/report.html",
        results="<results>/pooled/results.parquet",
        verdicts="<results>/pooled/verdicts.json",
        tables=[path for paths in TABLES.values() for path in paths],
    output:
        "<results>/complete.txt",
    log:
        "<logs>/complete.log",
    benchmark:
        "<benchmarks>/complete.tsv"
    localrule: True
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        tables=TABLES,
    message:
        "looking for cohorts that failed, or changed"
    script:
        "../scripts/complete.py"
