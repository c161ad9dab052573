"""Migrations of the warehouse: numbered SQL files, one folder per slice. Each file is applied once, in order."""
