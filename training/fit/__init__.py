"""How the towers are fitted: what is searched and measured, the phases, and what they share."""
