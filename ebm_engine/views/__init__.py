"""Figures: a snapshot or a study's result in, a Plotly figure out. Pure functions."""
