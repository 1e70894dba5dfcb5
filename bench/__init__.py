"""Benchmarks: `python -m bench`. Their results are ratios, measured in one run."""
