"""What the two explorer pages share."""
