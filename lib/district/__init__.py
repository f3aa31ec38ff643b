"""The insides of lib.simulate: a made-up district whose books balance, what is hidden in it, and the files it hands over.

Everything is drawn from one seed by integers and by float operations that IEEE 754 fixes to the last bit (no logarithms or
powers, stable sorts only), so that the same seed and lock file give the same bytes on any machine.
"""
