"""Widgets of a spec or of one of its blocks."""
