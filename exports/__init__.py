"""Files for download: pictures, interactive pages and numbers, each with its experiment."""
