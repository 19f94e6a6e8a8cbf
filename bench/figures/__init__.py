"""What `make bench` measures: a module for each part of the product, a function for each figure."""
