"""What a center takes in from files: one way for the command line and for the API."""
