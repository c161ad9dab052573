"""The metric engine and what it stands on."""
