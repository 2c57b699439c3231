"""A lesson on the page: its steps, runs, cards and figures."""
