"""What a browser session shares across pages: URL, sidebar, requests, progress and limits."""
