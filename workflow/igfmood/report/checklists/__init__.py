"""Reporting checklists, filled from the run: STROBE, STARD, REMARK, TRIPOD+AI and PROBAST+AI.

One YAML file a list; `lists` reads them, `design`, `estimates` and `models` say what the run tells,
`filled` puts both together with what the authors wrote.
"""
