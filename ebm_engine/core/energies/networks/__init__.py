"""Neural networks for energies, with forward, gradient and parameter gradient by hand."""
