"""What predictions are worth: one measure, or family of measures, a module.

Takes outcomes and predictions; gives estimates with intervals. Nothing here knows of studies.
"""
