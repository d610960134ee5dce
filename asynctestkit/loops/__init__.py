"""Managed loops: opened, made current, run and closed by us and nobody else."""
