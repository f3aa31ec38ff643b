"""The insides of lib/dossier.py: grades, the register of institutions, deadlines, work, what institutions share."""
