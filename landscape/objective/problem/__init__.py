"""What is measured on: any module, its batches and its loss, and the checks that they pass first (D0)."""
