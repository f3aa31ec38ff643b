"""Published numbers of audit sampling and of digit tests.

Sources: tables A-1, A-3 and C-1 of the AICPA Audit Guide: Audit Sampling (2017), and worked examples of Touw and Hoogduin, as
the tests of the R package jfa hold them; confidence factors as the guide prints them; bounds of digits as the R package
benford.analysis has them. Where a printed table is rounded otherwise, the exact formula is taken.
"""

# convention, items, tolerable, confidence, expected (a rate, or a number of items), n
SIZES = [
    ("poisson", None, "0.01", "0.95", 0, 300),
    ("poisson", None, "0.05", "0.95", 0, 60),
    ("poisson", None, "0.05", "0.95", "0.025", 231),
    ("poisson", None, "0.05", "0.95", 2, 126),
    ("poisson", None, "0.02", "0.95", 0, 150),
    ("poisson", None, "0.02", "0.875", 0, 104),
    ("binomial", None, "0.01", "0.95", 0, 299),
    ("binomial", None, "0.05", "0.95", 0, 59),
    ("binomial", None, "0.05", "0.95", "0.025", 234),
    ("binomial", None, "0.05", "0.95", 2, 124),
    ("binomial", None, "0.03", "0.95", 0, 99),
    ("binomial", None, "0.03", "0.95", 1, 157),
    ("hypergeometric", 1000, "0.01", "0.95", 0, 258),
    ("hypergeometric", 1000, "0.05", "0.95", 0, 57),
    ("hypergeometric", 1000, "0.05", "0.95", "0.025", 197),
    ("hypergeometric", 1000, "0.05", "0.95", 2, 119),
    ("hypergeometric", 1200, "0.05", "0.90", 0, 45),
    ("hypergeometric", 1200, "0.05", "0.90", 2, 102),
]

# Table A-1, 5 % risk, tolerable 5 %: expected percent → n
A1 = {"0": 59, "0.25": 93, "0.5": 93, "1.0": 93, "1.25": 124, "1.5": 124, "1.75": 153, "2.0": 181, "2.25": 208, "2.5": 234}
A1 |= {"2.75": 286, "3.0": 361, "3.25": 458, "3.5": 624, "3.75": 877, "4.0": 1348}

# Table A-3, 5 % risk: n → upper limit in percent for 0 to 10 deviations, rounded up to a tenth
A3 = {
    25: [11.3, 17.7, 23.2, 28.2, 33.0, 37.6, 42.0, 46.3, 50.4, 54.4, 58.4],
    60: [4.9, 7.7, 10.2, 12.5, 14.7, 16.8, 18.8, 20.8, 22.8, 24.8, 26.7],
    100: [3.0, 4.7, 6.2, 7.6, 9.0, 10.3, 11.5, 12.8, 14.0, 15.2, 16.4],
    200: [1.5, 2.4, 3.2, 3.9, 4.6, 5.2, 5.9, 6.5, 7.2, 7.8, 8.4],
}

# Table C-1: confidence → expected as part of tolerable → n where 5 %, 3 % and 1 % of the population are tolerable
C1 = {
    "0.95": {
        "0": [60, 100, 300],
        "0.1": [74, 123, 368],
        "0.2": [93, 155, 463],
        "0.3": [120, 200, 600],
        "0.4": [162, 270, 809],
        "0.5": [231, 385, 1154],
    },
    "0.90": {
        "0": [47, 77, 231],
        "0.2": [69, 114, 341],
        "0.3": [87, 145, 433],
        "0.4": [115, 191, 572],
        "0.5": [160, 267, 799],
    },
}

# confidence → factors for 0 to 10 overstatements, rounded up to two places
FACTORS = {
    "0.95": [3.00, 4.75, 6.30, 7.76, 9.16, 10.52, 11.85, 13.15, 14.44, 15.71, 16.97],
    "0.90": [2.31, 3.89, 5.33, 6.69, 8.00, 9.28, 10.54, 11.78, 13.00, 14.21, 15.41],
    "0.50": [0.70, 1.68, 2.68, 3.68, 4.68, 5.68, 6.67, 7.67, 8.67, 9.67, 10.67],
}

CLOPPER_N145_95 = [0.02044826, 0.03229696, 0.04278054, 0.0526026]
HYPERGEOMETRIC_N1200_N102_90 = [0.0208333, 0.0358333, 0.0491667, 0.0625]
STRINGER_N145_95 = [
    (["1", "0.20000072", "0.03999931"], 0.008551724, 0.03478656),
    (["0.5", "0.4", "0.19887"], None, 0.03251936),
]

# An interval of 12,300: book and audited of the overstated items; limit = basic + projected + incremental + known of the top
MONETARY = {"interval": 12_300, "items": [(15_000, 12_500), (10_000, 4_000), (3_000, 2_000)]}
MONETARY |= {"known": 2_500, "basic": 36_900, "projected": 11_480, "incremental": 7_790, "upper": 58_670}

# Touw and Hoogduin, p. 34: five intervals, the second fen is the first that is hit
INTERVALS = ({"A": 7, "B": 3, "C": 4, "D": 9, "E": 0, "F": 1, "G": 8, "H": 2, "I": 6, "J": 5}, 5, 2, ["A", "C", "D", "G", "I"])

MAD_BOUNDS = {
    "first": (0.006, 0.012, 0.015),
    "second": (0.008, 0.010, 0.011),
    "first_two": (0.0012, 0.0018, 0.0022),
    "first_three": (0.00036, 0.00044, 0.00050),
}
# counts of the first digits, mean absolute deviation, chi-square
POWERS_OF_TWO = ([301, 176, 125, 97, 79, 69, 56, 52, 45], 0.000678, 0.1586)  # 2 ** 1 to 2 ** 1000
FIBONACCI = ([301, 177, 125, 96, 80, 67, 56, 53, 45], 0.000820, 0.1695)  # the first thousand
WHOLE_NUMBERS = ([1111] * 9, 0.059717, 4016.5812)  # 1 to 9999
POWERS_FIRST_TWO_MAD = 0.000633  # 2 ** 4 to 2 ** 1003
CHI2_95 = {8: 15.507, 89: 112.022}
# jfa's data set of 772 amounts: chi-square and its probability (the amounts themselves are not ours to ship)
CHI2_N772 = (7.6517427, 8, 0.46820638)
Z_OF_360_ONES_IN_1000 = 4.0309
