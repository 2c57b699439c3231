"""One run: its state, its history, its snapshots and its checkpoints."""
