"""The helper process and the queue of background jobs in front of it."""
