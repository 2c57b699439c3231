"""The page Compare: its value, controls, link and figures."""
