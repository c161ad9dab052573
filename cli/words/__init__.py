"""The words and options of the command `atende`, each turned into a command of the operator."""
