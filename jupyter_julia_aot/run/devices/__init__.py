"""Accelerators: what the machine has, what works on it, and why the rest does not."""
