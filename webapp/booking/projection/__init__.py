"""Free times in DynamoDB: told by the worker after every change, read by pages, believed by no booking."""
