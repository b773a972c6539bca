"""A county's WeChat service account: which member it may write to, and how it is asked."""
