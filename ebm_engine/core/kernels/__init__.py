"""Markov kernels that move walkers: Langevin (ULA, MALA, underdamped), HMC, Metropolis."""
