"""What a team makes of papers: who follows one, what is discussed, what rises."""
