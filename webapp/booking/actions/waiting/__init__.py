"""The waiting list: wishes, and the chain that offers a freed time to one person after the other."""
