"""Rows and their folds, one file per slice."""
