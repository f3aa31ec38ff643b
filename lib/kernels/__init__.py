"""Arrays in, arrays out: the tight loops, compiled by numba. Import nothing of ours."""
