"""Figures of the Langevin page."""
