"""The house itself: who may know whom, names, words, time, documents."""
