"""The metric engine and its parts."""
