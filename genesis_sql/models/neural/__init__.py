"""Models of PyTorch, one file each, and what they share: the training loop, weights, blocks."""
