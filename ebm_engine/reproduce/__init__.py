"""The papers' experiments, run again: one study a file, with tables and figures."""
