"""The worker's side: a process that takes turns at the runs given to it."""
