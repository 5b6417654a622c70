# Raw tables, with outcomes withheld -> sizes, quality and reference curves: `snakemake blind`.


rule withheld:
    input:
        claims=STUDY.claims,
        tables=[path for paths in TABLES.values() for path in paths],
    output:
        results="<results>/blind/results.parquet",
        flows="<results>/blind/flows.json",
        quarantine=expand("<results>/blind/private/{cohort}/quarantine.csv", cohort=COHORTS),
    log:
        "<logs>/withheld.log",
    benchmark:
        "<benchmarks>/withheld.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, input: int(1000 + 20 * input.size_mb),
        runtime=60,
    params:
        study=STUDY.model_dump(mode="json"),
        code=code_digest("evidence"),
    message:
        "preparing all cohorts with outcomes withheld"
    script:
        "../scripts/withheld.py"


rule blind:
    input:
        results="<results>/blind/results.parquet",
        flows="<results>/blind/flows.json",
        config="<results>/config.used.yaml",
        claims=STUDY.claims,
    output:
        report="<results>/blind.html",
        figures=expand("<results>/blind/figures/{name}.png", name=BLIND),
    log:
        "<logs>/blind.log",
    benchmark:
        "<benchmarks>/blind.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime=10,
    params:
        code=code_digest("report"),
    message:
        "writing the blind report: {output.report}"
    script:
        "../scripts/blind.py"
