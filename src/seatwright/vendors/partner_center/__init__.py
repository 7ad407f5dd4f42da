"""Microsoft Partner Center: the partner interface through which seats are bought and changed."""
