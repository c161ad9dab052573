"""How the tables came to be as they are: numbered SQL files, a folder a slice, applied once each, in order."""
