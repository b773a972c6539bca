"""Where photos live: a local folder or an S3-compatible store."""
