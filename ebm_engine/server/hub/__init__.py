"""The server's side: the registry of all runs, their turns, and the worker that each is in."""
