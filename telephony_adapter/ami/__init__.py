"""AMI streams: reading, translation into observations, gaps of the connection."""
