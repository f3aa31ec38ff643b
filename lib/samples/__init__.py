"""The insides of lib/sampling.py: populations frozen by hash, sizes, draws, evaluation, digit tests."""
