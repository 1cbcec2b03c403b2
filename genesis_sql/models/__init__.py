"""How sampling programs are learnt."""
