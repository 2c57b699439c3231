"""The page Langevin: its sections and figures."""
