"""Measurements. `make bench` prints a JSON line each; ratios are taken in one run on one
machine.
"""
