"""The insides of lib/graph.py: holdings as arrays, exact solves, control."""
