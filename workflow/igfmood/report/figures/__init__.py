"""The figures of the report, one module each.

Takes the findings; gives matplotlib figures and the words that stand for them (alt text).
"""
