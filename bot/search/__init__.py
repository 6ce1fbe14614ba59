"""The query language, and what helps to find papers: its words, their spelling, what is near and what is meant."""
