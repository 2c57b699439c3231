"""One update taken apart: its terms, its moves and its words."""
