"""From a spec to the parts of a run: data, energy, kernel, method, referee."""
