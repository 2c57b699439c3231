"""What several methods share: replay buffer, augmentation, entropy, derivatives."""
