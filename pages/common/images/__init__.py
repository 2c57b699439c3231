"""The page Images: its data, studies and figures."""
