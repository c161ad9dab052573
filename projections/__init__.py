"""What is read: rows folded from the log into the warehouse, and the questions put to them."""
