"""What is shown of a tree that is being watched, and the helpers that look at it."""
