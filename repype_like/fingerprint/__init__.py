"""Code and values as hashes: what a stage's implementation is, wherever it lives."""
