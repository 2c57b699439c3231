"""Lesson files: read, checked and filled with the numbers of runs."""
