"""Figures of the Images page."""
