"""The page Sweeps: its value, controls, link and figures."""
