"""What can be done to a model, without a terminal: a key, a command and the guard call the same operation."""
