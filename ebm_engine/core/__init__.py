"""The maths: energies, kernels, weights, methods and the referee; torch only."""
