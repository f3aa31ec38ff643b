"""Insides of lib/report.py: kernels, the run of a template, and the page made of it."""
