"""Words of the net, ours; networks are those of RFC 5737."""

from __future__ import annotations

NETS = ("192.0.2.", "198.51.100.", "203.0.113.")
FRONT = (
    "amber", "bay", "birch", "bright", "clear", "cloud", "coast", "cool", "daily", "east", "fair",
    "field", "fresh", "garden", "global", "gold", "good", "green", "hill", "honest", "island",
    "lake", "light", "local", "maple", "meadow", "modern", "new", "north", "oak", "open", "pine",
    "quick", "quiet", "river", "rocky", "simple", "smart", "south", "spring", "stone", "sun",
    "true", "urban", "valley", "west", "wild", "wise",
)  # fmt: skip
BACK = (
    "barn", "base", "bench", "bridge", "builders", "craft", "crew", "depot", "desk", "farm",
    "field", "forge", "garage", "gate", "guide", "harbor", "house", "hub", "kitchen", "lab",
    "ledger", "line", "market", "mill", "notes", "office", "path", "place", "point", "press",
    "shop", "smith", "space", "stack", "station", "store", "studio", "supply", "team", "trade",
    "trail", "view", "ware", "works", "yard",
)  # fmt: skip
THINGS = (
    "report", "guide", "review", "plan", "notes", "summary", "invoice", "photo", "list", "draft",
    "letter", "budget", "map", "agenda", "offer", "table", "story", "update", "schedule", "sketch",
)  # fmt: skip
SYSTEMS = (
    "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64",
    "Linux; Android 14; K", "X11; CrOS x86_64 14541.0.0",
)  # fmt: skip
MIME = {
    "application/pdf": 0.3, "image/jpeg": 0.22, "image/png": 0.16, "text/csv": 0.08,
    "text/plain": 0.07, "application/json": 0.07, "application/zip": 0.04, "video/mp4": 0.03,
    "text/html": 0.03,
}  # fmt: skip
COLORS = (
    "black", "white", "gray", "silver", "red", "maroon", "orange", "yellow", "olive", "green",
    "teal", "cyan", "blue", "navy", "purple", "magenta", "pink", "brown", "beige", "gold",
)  # fmt: skip
