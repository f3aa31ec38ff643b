"""The insides of lib.evaluate: the answer key, the rows that it names, the arithmetic, and how the result is shown."""
