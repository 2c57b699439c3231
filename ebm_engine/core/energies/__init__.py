"""The energies U(x): mixtures, networks, fixed landscapes and their compositions."""
