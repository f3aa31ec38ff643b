"""Insides of `lib.parties`: names and how they compare, identity keys and how they join, the decisions of people."""
