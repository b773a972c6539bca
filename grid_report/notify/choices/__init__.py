"""What members want to be told of beside the inbox, on which channel, and in which hours not."""
