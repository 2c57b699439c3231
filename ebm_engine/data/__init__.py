"""Data sets: what the models are trained on."""
