"""Prints the path of the workflow."""

from cellm.workflow import SNAKEFILE

print(SNAKEFILE)
