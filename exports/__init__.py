"""What leaves: files that carry the experiment they came from and can be read without this project."""
