"""Parts of invented names: of organisations and streets. Ours; any likeness is chance."""

from __future__ import annotations

FIRST_PARTS = (
    "Alder", "Amber", "Ash", "Birch", "Briar", "Cedar", "Clover", "Copper", "Cress", "Dove",
    "Elder", "Elm", "Ember", "Fern", "Flint", "Fox", "Gale", "Harrow", "Hazel", "Heron", "Ivory",
    "Juniper", "Larch", "Linden", "Marsh", "Moss", "Oat", "Otter", "Pine", "Quill", "Reed", "Rowan",
    "Sable", "Slate", "Spruce", "Thistle", "Tansy", "Willow", "Wren", "Yarrow",
)  # fmt: skip
LAST_PARTS = (
    "bank", "bourne", "brook", "cliff", "combe", "cove", "croft", "dale", "fall", "field", "ford",
    "gate", "glen", "grove", "haven", "heath", "hill", "hollow", "holm", "hurst", "lea", "mere",
    "mill", "moor", "ridge", "rise", "shore", "stead", "vale", "wick",
)  # fmt: skip
STREETS = (
    "Alder Street", "Ash Lane", "Birch Road", "Bridge Street", "Brook Lane", "Canal Street",
    "Cedar Avenue", "Chestnut Street", "Church Street", "Elm Street", "Forest Road",
    "Garden Street", "Hill Road", "Lake Drive", "Linden Avenue", "Main Street", "Maple Avenue",
    "Meadow Lane", "Mill Road", "North Street", "Oak Street", "Orchard Road", "Park Avenue",
    "Pine Street", "River Road", "School Street", "South Street", "Spring Street", "Station Road",
    "Valley Road", "Walnut Street", "West Street",
)  # fmt: skip

ENDINGS: dict[str, tuple[str, ...]] = {
    "hospital": ("General Hospital", "Regional Hospital", "Community Hospital", "Medical Center"),
    "critical access hospital": ("Community Hospital", "Critical Access Hospital"),
    "children's hospital": ("Children's Hospital",),
    "psychiatric hospital": ("Psychiatric Hospital", "Behavioral Hospital"),
    "nursing": ("Nursing Center", "Care Home", "Rehabilitation and Nursing"),
    "home health": ("Home Health", "Home Care", "Visiting Nurses"),
    "hospice": ("Hospice", "Hospice Care"),
    "dialysis": ("Dialysis", "Kidney Center"),
    "outpatient therapy": ("Physical Therapy", "Therapy Center"),
    "surgery centre": ("Surgery Center", "Outpatient Surgery"),
}
"""How the names of the types of facility_counts end; another type ends with itself."""

ROLES: dict[str, str] = {
    "hospital": "head of the medical staff",
    "nursing": "medical director",
    "hospice": "medical director",
    "dialysis": "medical director",
    "home health": "clinical manager",
}
"""The clinician whom the federal conditions of participation ask of every facility of a type.

42 CFR 482.22 (hospitals), 483.70 (nursing), 418.102 (hospice), 494.150 (dialysis), 484.105 (home
health). So the count of facilities counts such persons; other facilities have an administrator.
"""
ADMINISTRATOR = "administrator"


def role(kind: str) -> str:
    """The person in charge of a facility of a type.

    Example:
        >>> role("psychiatric hospital"), role("surgery centre")
        ('head of the medical staff', 'administrator')
    """
    return ROLES.get("hospital" if kind.endswith("hospital") else kind, ADMINISTRATOR)
