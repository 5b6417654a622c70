# Results and verdicts -> one HTML file; the configuration as used; the closing word.


rule used_config:
    message:
        "writing the configuration with its defaults"
    output:
        config="<results>/config.used.yaml",
    params:
        study=STUDY.model_dump(mode="json"),
    log:
        "<logs>/used_config.log",
    benchmark:
        "<benchmarks>/used_config.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/used_config.py"


rule complete:
    message:
        "looking for cohorts that failed"
    input:
        report="<results>/report.html",
        results="<results>/pooled/results.parquet",
        verdicts="<results>/pooled/verdicts.json",
    output:
        "<results>/complete.txt",
    log:
        "<logs>/complete.log",
    benchmark:
        "<benchmarks>/complete.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/complete.py"
