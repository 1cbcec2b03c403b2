"""Words of business: parts of company names, industries, products by category. All ours."""

from __future__ import annotations

COMPANY_FRONT = (
    "Northfield", "Brightwater", "Stonebridge", "Clearbrook", "Silverline", "Redwood", "Bluepeak",
    "Greenway", "Ironwood", "Lakeshore", "Oakhurst", "Maplewood", "Riverbend", "Summit", "Pioneer",
    "Harborview", "Kestrel", "Meridian", "Halcyon", "Juniper", "Cobalt", "Amberly", "Birchfield",
    "Castlegate", "Dunmore", "Eastbrook", "Fairmont", "Glenwood", "Hartwell", "Inglewood",
    "Kingsley", "Larkspur", "Marlowe", "Newbury", "Orchardson", "Pemberton", "Quillon", "Rosedale",
    "Sandpiper", "Thornbury", "Underhill", "Valemont", "Westcott", "Yarrow", "Zephyr", "Alderton",
    "Beaconhill", "Copperfield", "Driftwood", "Evergreen",
)  # fmt: skip
COMPANY_BACK = (
    "Systems", "Logistics", "Partners", "Industries", "Analytics", "Foods", "Textiles", "Energy",
    "Media", "Software", "Consulting", "Foundry", "Capital", "Robotics", "Health", "Outfitters",
    "Materials", "Networks", "Design", "Supply", "Motors", "Pharma", "Instruments", "Holdings",
    "Trading", "Labs", "Packaging", "Plastics", "Shipping", "Security", "Solutions", "Farms",
    "Brewing", "Electric", "Furniture", "Optics", "Paper", "Printing", "Studios", "Tools",
)  # fmt: skip
LEGAL_FORMS: dict[str, tuple[str, ...]] = {
    "en_US": ("Inc.", "LLC", "Corp.", "Co.", "Group"),
    "en_GB": ("Ltd", "PLC", "Group", "LLP"),
    "de_DE": ("GmbH", "AG", "KG", "GmbH & Co. KG", "e.K."),
    "fr_FR": ("SARL", "SA", "SAS"),
    "es_ES": ("S.L.", "S.A.", "S.L.U."),
    "it_IT": ("S.r.l.", "S.p.A.", "S.n.c."),
    "nl_NL": ("B.V.", "N.V.", "V.O.F."),
    "pt_BR": ("Ltda.", "S.A.", "ME"),
    "ja_JP": ("株式会社", "合同会社"),
}
INDUSTRIES = {
    "Software": 0.12, "Manufacturing": 0.11, "Retail": 0.11, "Healthcare": 0.1, "Finance": 0.09,
    "Construction": 0.07, "Logistics": 0.07, "Education": 0.06, "Energy": 0.05, "Insurance": 0.05,
    "Hospitality": 0.04, "Real Estate": 0.04, "Telecommunications": 0.03, "Agriculture": 0.03,
    "Media": 0.03,
}  # fmt: skip
TEAM_FRONT = (
    "Blue", "Crimson", "Golden", "Silver", "Green", "Northern", "Southern", "Flying", "Mighty",
    "Quiet", "River", "Mountain", "Harbor", "Prairie", "Storm",
)  # fmt: skip
TEAM_BACK = (
    "Herons", "Otters", "Falcons", "Wolves", "Badgers", "Ravens", "Pines", "Comets", "Sparks",
    "Foxes", "Owls", "Condors", "Bears", "Lynxes", "Tides",
)  # fmt: skip
BRANDS = (
    "Aldenka", "Brisko", "Cavello", "Dorvane", "Elmora", "Fenwick", "Galdino", "Hestrana",
    "Ivaro", "Jorvika", "Kalmora", "Lumeva", "Mirelle", "Nordane", "Orlanto", "Pavello",
    "Quorra", "Rivano", "Solenne", "Tavero", "Ulmera", "Vestaro", "Wexley", "Yarvik", "Zolani",
)  # fmt: skip
"""Made up; any likeness is chance."""
QUALITIES = (
    "Compact", "Classic", "Premium", "Portable", "Deluxe", "Essential", "Modern", "Rapid", "Smart",
    "Eco", "Slim", "Heavy-Duty", "Everyday", "Lightweight", "Advanced", "Vintage", "Urban",
    "Outdoor", "Signature", "Mini", "Pro", "Original", "Soft", "Bold",
)  # fmt: skip
SERIES = (
    "Aero", "Alto", "Arc", "Atlas", "Aura", "Bolt", "Cielo", "Core", "Delta", "Echo", "Flex",
    "Glow", "Halo", "Iris", "Jade", "Kite", "Luna", "Mesa", "Nova", "Onyx", "Orbit", "Pulse",
    "Quest", "Rise", "Sage", "Terra", "Ultra", "Vento", "Wave", "Zen",
)  # fmt: skip
PRODUCTS: dict[str, tuple[float, float, tuple[str, ...]]] = {
    "Electronics": (0.18, 90.0, (
        "Headphones", "Keyboard", "Monitor", "Webcam", "Speaker", "Charger", "Router", "Tablet",
        "Microphone", "Projector", "Camera", "Power Bank")),
    "Home & Kitchen": (0.17, 35.0, (
        "Blender", "Kettle", "Toaster", "Desk Lamp", "Frying Pan", "Knife Set", "Coffee Maker",
        "Storage Box", "Cutting Board", "Vacuum Flask", "Bed Sheet", "Wall Clock")),
    "Clothing": (0.15, 32.0, (
        "T-Shirt", "Jacket", "Hoodie", "Jeans", "Sweater", "Socks", "Scarf", "Rain Coat", "Belt",
        "Cap", "Shorts", "Gloves")),
    "Sports & Outdoors": (0.12, 45.0, (
        "Tent", "Sleeping Bag", "Yoga Mat", "Backpack", "Water Bottle", "Bicycle Helmet",
        "Jump Rope", "Camping Stove", "Running Belt", "Dumbbell", "Hiking Pole", "Football")),
    "Beauty": (0.09, 18.0, (
        "Face Cream", "Shampoo", "Hand Soap", "Lip Balm", "Hair Dryer", "Body Lotion", "Perfume",
        "Nail Set", "Bath Salt", "Sun Lotion")),
    "Toys & Games": (0.09, 24.0, (
        "Board Game", "Puzzle", "Building Blocks", "Toy Train", "Doll House", "Kite", "Card Game",
        "Plush Bear", "Marble Run", "Chess Set")),
    "Office": (0.08, 16.0, (
        "Notebook", "Pen Set", "Stapler", "Desk Organizer", "Paper Shredder", "Whiteboard",
        "Envelope Pack", "Filing Cabinet", "Desk Pad", "Label Maker")),
    "Garden": (0.06, 30.0, (
        "Garden Hose", "Pruning Shears", "Flower Pot", "Lawn Chair", "Seed Mix", "Watering Can",
        "Rake", "Bird Feeder", "Plant Stand", "Solar Lantern")),
    "Groceries": (0.06, 8.0, (
        "Coffee Beans", "Green Tea", "Olive Oil", "Oat Cookies", "Pasta", "Honey", "Trail Mix",
        "Tomato Sauce", "Dark Chocolate", "Sea Salt")),
}  # fmt: skip
"""Category: its share, the median price of its products, what belongs to it."""
CARDS = {
    "Visa": ("400000", 9, 0.5), "Mastercard": ("555555", 9, 0.32), "American Express":
    ("378282", 8, 0.1), "Discover": ("601111", 9, 0.08),
}  # fmt: skip
"""Prefix, free digits, share. The prefixes are those of the card companies' published test numbers
(4000 00…, 5555 55…, 3782 82…, 6011 11…)."""
CURRENCIES = {
    "USD": 0.45, "EUR": 0.22, "GBP": 0.08, "JPY": 0.05, "CAD": 0.05, "AUD": 0.04, "CHF": 0.03,
    "BRL": 0.03, "MXN": 0.02, "INR": 0.03,
}  # fmt: skip
OF_LOCALE = {
    "en_US": "USD", "en_GB": "GBP", "de_DE": "EUR", "fr_FR": "EUR", "es_ES": "EUR", "it_IT": "EUR",
    "nl_NL": "EUR", "pt_BR": "BRL", "ja_JP": "JPY",
}  # fmt: skip
OTHER_CURRENCIES = frozenset(
    "AED ARS BGN CLP CNY COP CZK DKK EGP HKD HUF IDR ILS ISK KES KRW MAD MYR NGN NOK NZD PEN PHP "
    "PKR PLN PYG RON RUB SAR SEK SGD THB TRY TWD UAH UGX UYU VND XAF XOF ZAR".split()
)
"""Codes that may be asked for besides those (ISO 4217)."""
STATUSES: dict[str, dict[str, float]] = {
    "order": {"pending": 0.08, "processing": 0.1, "shipped": 0.14, "delivered": 0.58,
              "cancelled": 0.07, "returned": 0.03},
    "invoice": {"draft": 0.05, "sent": 0.15, "paid": 0.68, "overdue": 0.09, "void": 0.03},
    "payment": {"pending": 0.06, "completed": 0.86, "failed": 0.05, "refunded": 0.03},
    "ticket": {"open": 0.15, "in_progress": 0.15, "waiting": 0.1, "resolved": 0.25,
               "closed": 0.35},
    "task": {"todo": 0.25, "in_progress": 0.2, "blocked": 0.05, "done": 0.5},
    "subscription": {"trial": 0.1, "active": 0.65, "past_due": 0.05, "cancelled": 0.2},
    "shipment": {"preparing": 0.08, "in_transit": 0.17, "delivered": 0.72, "lost": 0.03},
    "appointment": {"scheduled": 0.2, "completed": 0.65, "cancelled": 0.1, "no_show": 0.05},
    "claim": {"submitted": 0.1, "in_review": 0.15, "approved": 0.25, "denied": 0.12,
              "paid": 0.38},
    "post": {"draft": 0.15, "published": 0.75, "archived": 0.1},
    "": {"active": 0.7, "inactive": 0.15, "pending": 0.1, "archived": 0.05},
}  # fmt: skip
STATUS_WORDS = {
    "order": ("order", "purchase", "cart"), "invoice": ("invoice", "bill"),
    "payment": ("payment", "transaction", "transfer", "refund"),
    "ticket": ("ticket", "issue", "case", "request", "incident", "bug"),
    "task": ("task", "todo", "project", "job", "work", "step"),
    "subscription": ("subscription", "membership", "plan", "licen"),
    "shipment": ("shipment", "delivery", "parcel", "package"),
    "appointment": ("appointment", "booking", "visit", "reservation", "meeting", "encounter"),
    "claim": ("claim",), "post": ("post", "article", "page", "document", "news"),
}  # fmt: skip
"""What the name of a table holds where its statuses are these."""
