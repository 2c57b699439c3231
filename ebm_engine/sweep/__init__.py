"""Phase diagrams: a grid of two knobs × methods × seeds, computed, kept and resumed."""
