"""Queries named as the question they answer, and the reports."""
