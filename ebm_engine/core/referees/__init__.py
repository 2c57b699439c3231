"""Exact answers that judge every estimate: closed forms, quadrature, held-out data."""
