"""What a node stands for: each turns a spec into calls of a driver, and never sees the store."""
