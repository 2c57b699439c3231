"""The arguments and results of studies. Never torch."""
