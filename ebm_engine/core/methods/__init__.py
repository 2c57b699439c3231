"""The ways to estimate the gradient of the cross-entropy, one paper and one file each."""
