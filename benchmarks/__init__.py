"""What Outlast costs on this machine, beside what the machine could do at best.

    python -m benchmarks [NAMES...] [--quick] [--runs 3]

`REPORT.md` says what is measured and how, and what bounds each figure.
"""
