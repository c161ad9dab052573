"""AMI streams: read, translated into observations, with the gaps of the connection."""
