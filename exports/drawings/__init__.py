"""Figures drawn by matplotlib: vector graphics, and pictures of charts without a browser."""
