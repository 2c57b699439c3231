"""Figures and numbers of one update taken apart."""
