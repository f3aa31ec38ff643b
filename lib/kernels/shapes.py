"""What all filled cells of a column have in common, as bits: then they need no patterns to be cast by.

Apart from kernels.fields, which finds them, so that nobody has to load a compiler to know their names.
"""

FILLED = 1
LETTERS = 2  # digits and letters of ASCII alone, one digit at least: an id as it stands
MONEY = 4  # up to 15 digits, a point, two digits; a minus before them or not: an amount in fen as it stands
MOMENT = 8  # 2018-09-03 08:05:06, not before 1900: a time as it stands, if there is such a day
EMPTY = 16  # there is none
EVERY = LETTERS | MONEY | MOMENT | EMPTY

# The same as patterns, for the few cells that no kernel reads.
PATTERNS = {
    LETTERS: "^[0-9A-Za-z]*[0-9][0-9A-Za-z]*$",
    MONEY: r"^-?[0-9]{1,15}\.[0-9]{2}$",
    MOMENT: "^(19|[2-9][0-9])[0-9]{2}-[0-9]{2}-[0-9]{2} ([01][0-9]|2[0-3])(:[0-5][0-9]){2}$",
}
