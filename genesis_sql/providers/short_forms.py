"""Short forms of words for columns of few characters: a code, never a word cut off in the middle.

Languages: ISO 639-1 and 639-2/T. Countries: ISO 3166-1 alpha-3. Card companies: their usual marks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

LANGUAGES: Mapping[str, tuple[str, str]] = {
    "English": ("en", "eng"), "Spanish": ("es", "spa"), "French": ("fr", "fra"),
    "German": ("de", "deu"), "Portuguese": ("pt", "por"), "Italian": ("it", "ita"),
    "Chinese": ("zh", "zho"), "Japanese": ("ja", "jpn"), "Arabic": ("ar", "ara"),
}  # fmt: skip
NATIONALITIES: Mapping[str, str] = {
    "American": "US", "British": "GB", "Canadian": "CA", "German": "DE", "French": "FR",
    "Spanish": "ES", "Italian": "IT", "Mexican": "MX", "Brazilian": "BR", "Indian": "IN",
    "Japanese": "JP", "Dutch": "NL",
}  # fmt: skip
CARDS: Mapping[str, str] = {
    "Visa": "VISA", "Mastercard": "MC", "American Express": "AMEX", "Discover": "DISC",
}  # fmt: skip
ALPHA_3: Mapping[str, str] = dict(
    pair.split(":")
    for pair in (
        "US:USA CA:CAN MX:MEX GB:GBR IE:IRL DE:DEU FR:FRA ES:ESP PT:PRT IT:ITA NL:NLD BE:BEL "
        "LU:LUX CH:CHE AT:AUT DK:DNK SE:SWE NO:NOR FI:FIN IS:ISL PL:POL CZ:CZE SK:SVK HU:HUN "
        "RO:ROU BG:BGR GR:GRC HR:HRV SI:SVN RS:SRB EE:EST LV:LVA LT:LTU UA:UKR TR:TUR IL:ISR "
        "AE:ARE SA:SAU QA:QAT EG:EGY MA:MAR TN:TUN NG:NGA GH:GHA KE:KEN TZ:TZA UG:UGA ET:ETH "
        "SN:SEN ZA:ZAF NA:NAM BW:BWA ZM:ZMB MZ:MOZ AO:AGO IN:IND PK:PAK BD:BGD LK:LKA NP:NPL "
        "CN:CHN HK:HKG TW:TWN JP:JPN KR:KOR MN:MNG TH:THA VN:VNM KH:KHM MY:MYS SG:SGP ID:IDN "
        "PH:PHL AU:AUS NZ:NZL FJ:FJI BR:BRA AR:ARG CL:CHL UY:URY PY:PRY BO:BOL PE:PER EC:ECU "
        "CO:COL VE:VEN PA:PAN CR:CRI GT:GTM HN:HND SV:SLV NI:NIC DO:DOM JM:JAM TT:TTO KZ:KAZ "
        "GE:GEO AM:ARM AZ:AZE JO:JOR MT:MLT CY:CYP"
    ).split()
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def codes(values: Sequence[str], length: int) -> list[str]:
    """A code for each value, of at most so many characters: capitals, no two alike if possible.

    Example:
        >>> codes(["General", "Standard", "Special", "In progress"], 2)
        ['GE', 'ST', 'SP', 'IP']
        >>> codes(["Married", "Single", "Separated"], 1)
        ['M', 'S', 'E']
    """
    given: dict[str, str] = {}
    for value in dict.fromkeys(values):
        tried = (*_tries(value, min(length, 3)), *LETTERS)
        free = (t for t in tried if t not in given.values())
        given[value] = next(free, tried[0])
    return [given[value] for value in values]


def _tries(value: str, length: int) -> list[str]:
    """Codes that a value may have, the best first."""
    parts = ["".join(c for c in part if c.isalnum()).upper() for part in value.split()]
    parts = [part for part in parts if part] or ["X"]
    initials = "".join(part[0] for part in parts)[:length]
    whole = "".join(parts)
    first = [initials] if len(initials) > 1 else []
    others = [whole[0] + c for c in whole[1:]] if length > 1 else list(whole)
    return [*first, whole[:length], *others]
