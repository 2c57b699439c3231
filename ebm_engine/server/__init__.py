"""Many runs for many people: the commands, the processes and their limits."""
