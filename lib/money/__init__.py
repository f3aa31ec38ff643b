"""The insides of lib/flows.py: transfers as arrays, traces, round trips, reconciliation, balances."""
