"""What is measured in the background: one study a file, from its arguments to its result."""
