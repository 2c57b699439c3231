"""Walkers with log-weights: the population, resampling, schedules, annealed importance sampling."""
