"""Figures over several runs: comparisons, seeds, past runs, phase diagrams, studies."""
