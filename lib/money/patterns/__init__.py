"""Shapes of money that lead an auditor somewhere: the insides of `flows.patterns`, one file per family."""
