"""What crosses the socket between a worker's frames and the stage in the browser."""
