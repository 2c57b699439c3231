"""The server's side: who owns which run, whose turn it is, which worker computes it."""
