"""The insides of lib.checks: rule files, the tables that they read, outcomes and evidence."""
