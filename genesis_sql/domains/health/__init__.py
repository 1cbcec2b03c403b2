"""Health care: people of a county, their conditions, who treats and insures them."""
