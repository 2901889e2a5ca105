"""Faults as a routine: workers are killed and paused, servers restarted, networks cut; then the laws are checked.

    python -m chaos [--world postgres|sqlite] [--seed 1] [--runs 5000] [--faults 200] [--seconds 240]

`docs/explanation/faults.md` says what is done, and what the checker looks at.
"""
