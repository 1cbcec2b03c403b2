"""The kinds of personal data: what their columns are called, and what their values look like.

Names are compared by words: `custEmail`, `CUST_EMAIL` and `cust e-mail` are all 'cust e mail'. They
are in English, German, French, Spanish, Italian, Dutch and Portuguese.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

from genesis_sql.graph import check_digits as digits

PLACES = frozenset({"postal code", "location", "date of birth", "web address"})
"""Kinds that many people share or that lie on a scale: told, but learnt like any other column."""

_PERSON = (
    "client|contact|customer|cust|doctor|driver|employee|emp|guest|holder|insured|member|nurse|"
    "owner|passenger|patient|person|people|physician|recipient|resident|sender|staff|student|"
    "subscriber|teacher|tenant|user|worker|beneficiary|applicant|cardholder|manager|"
    "kunde|kunden|patienten|mitarbeiter|benutzer|mitglied|inhaber|cliente|persona|empleado|"
    "usuario|utente|dipendente|employe|utilisateur|klant|medewerker|pessoa|paciente"
)
PERSON = re.compile(rf"(.* )?({_PERSON})s?( .*)?")
"""Tables, or words before `name`, that hold people."""


@dataclass(frozen=True)
class Kind:
    """One kind of personal data.

    Attributes:
        name: as it is shown.
        called: what its columns are called, over the words of a name.
        plausible: what a value looks like; a column by name needs it in half of its values.
        strict: a test that tells by itself, of one value; None where only the name tells.
        least: different values that must be there before the test tells without the name.
        types: 'text', or 'number' too for kinds that people store as numbers.
    """

    name: str
    called: re.Pattern[str]
    plausible: re.Pattern[str]
    strict: Callable[[str], bool] | None = None
    least: int = 20
    types: tuple[str, ...] = ("text",)


def words_of(name: str) -> str:
    """The words of a name with blanks between them, without accents and capitals.

    Example:
        >>> words_of("custEMail_Addr2"), words_of("Straße")
        ('cust e mail addr 2', 'strasse')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    parted = re.sub(r"(?<=[^\W\d])(?=\d)", " ", parted)
    plain = unicodedata.normalize("NFKD", parted.casefold())
    return " ".join(
        re.findall(r"[^\W_]+", "".join(c for c in plain if not unicodedata.combining(c)))
    )


def _called(pattern: str) -> re.Pattern[str]:
    """One of these word groups anywhere in a name, a number behind it or not."""
    return re.compile(rf"(?:.* )?(?:{pattern})s?(?: \d+)?(?: .*)?")


def _ends(pattern: str) -> re.Pattern[str]:
    """One of these word groups at the end of a name: what stands behind is another thing."""
    no = r"(?: (?:no|nr|num|number|nummer|code|value|raw|text|txt|str|int|bigint|id|\d+)){0,2}"
    return re.compile(rf"(?:.* )?(?:{pattern}){no}")


def _like(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _fits(pattern: str) -> Callable[[str], bool]:
    compiled = _like(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _checked(
    test: Callable[[str], bool], pattern: str = r"[\w\s./-]{6,42}"
) -> Callable[[str], bool]:
    compiled = _like(pattern)
    return lambda value: compiled.fullmatch(value) is not None and test(digits.bare(value))


def _is_ip(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


_NUMBER = ("text", "number")
_ID = _like(r"(?=.*\d)[A-Z0-9][A-Z0-9 ./-]{3,24}")
_NAME = _like(r"(?!.*[\d@_/])[^\W\d][^\d@_/]{0,60}")
_EMAIL = r"[\w.+'%-]+@[\w-]+(\.[\w-]+)+"
_STREET = (
    r"street|st\.?|avenue|ave\.?|road|rd\.?|lane|ln\.?|drive|dr\.?|boulevard|blvd\.?|court|ct\.?|"
    r"way|place|pl\.?|square|highway|hwy|parkway|terrace|circle"
)
_ADDRESS = (
    rf"\d+[\w ,.'-]* ({_STREET})\b.*|.*(stra(ss|ß)e|str\.|gasse|weg|platz|allee|straat|laan) ?\d+.*"
    r"|\d+[\w ]*, ?(rue|avenue|boulevard|place|chemin) .*|(rua|calle|via|avenida|av\.|viale|"
    r"rue) .*\d+.*"
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "e-mail",
        _called(r"e ?mail|mail|correo|courriel|e ?mails|mail ?address"),
        _like(_EMAIL),
        _fits(_EMAIL),
        3,
    ),
    Kind(
        "IBAN", _called("iban"), _like(r"[A-Z]{2}\d\d[A-Z0-9 ]{11,40}"), _checked(digits.is_iban), 3
    ),
    Kind(
        "card number",
        _ends(
            r"(?:credit|debit|payment) ?card|card ?(?:number|no|num|nr)|cc ?(?:number|no|num|"
            r"nr)|pan|"
            r"kreditkarte|kartennummer|carte ?bancaire|numero ?carte|tarjeta|carta ?di ?credito"
        ),
        _like(r"(\d[ -]?){12,19}"),
        _checked(digits.is_card),
        20,
        _NUMBER,
    ),
    Kind(
        "MAC address",
        _ends(r"mac|mac ?address|mac ?addr"),
        _like(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}"),
        _fits(r"([0-9a-f]{2}[:-]){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}"),
        3,
    ),
    Kind(
        "IP address",
        _called(r"ip|ip ?address|ip ?addr|ipv ?[46]|client ?ip|remote ?addr"),
        _like(r"[0-9a-f:.]{3,45}"),
        _is_ip,
        5,
    ),
    Kind(
        "web address",
        _called(r"url|website|web ?site|homepage|web ?address|link|uri"),
        _like(r"(https?://|www\.|[\w-]+\.[a-z]{2,})\S*"),
        _fits(r"(https?://|www\.)\S+"),
        3,
    ),
    Kind(
        "US SSN",
        _ends(r"ssn|social ?security|social ?sec|soc ?sec"),
        _like(r"\d{3}[- ]?\d\d[- ]?\d{4}|\d{7,9}"),
        _checked(digits.is_ssn, r"\d{3}-\d\d-\d{4}"),
        10,
        _NUMBER,
    ),
    Kind(
        "UK national insurance number",
        _ends(r"nino|national ?insurance|ni ?number"),
        _like(r"[A-Z]{2} ?(\d\d ?){3}[A-D]"),
        _checked(digits.is_nino),
        10,
    ),
    Kind(
        "Italian codice fiscale",
        _ends(r"codice ?fiscale|cod ?fisc|cf"),
        _like(r"[A-Z]{6}\w{2}[A-Z]\w{2}[A-Z]\w{3}[A-Z]"),
        _checked(digits.is_codice_fiscale),
        3,
    ),
    Kind(
        "Spanish DNI",
        _ends(r"dni|nie|nif|documento ?(?:de ?)?identidad"),
        _like(r"[XYZ]?-?[\d.]{7,10}-?[A-Z]"),
        _checked(digits.is_dni),
        10,
    ),
    Kind(
        "French NIR",
        _ends(r"nir|insee|numero ?(?:de ?)?secu|securite ?sociale|num ?secu"),
        _like(r"[12][\dAB ]{12,20}"),
        _checked(digits.is_nir),
        5,
        _NUMBER,
    ),
    Kind(
        "vehicle id",
        _ends("vin|fahrgestell(?:nummer)?|chassis"),
        _like(r"[A-HJ-NPR-Z0-9]{17}"),
        _checked(digits.is_vin),
        10,
    ),
    Kind(
        "German tax id",
        _ends(r"steuer ?id|steueridentifikations?|idnr|identifikationsnummer|steuer ?ident\w*"),
        _like(r"\d\d ?\d{3} ?\d{3} ?\d{3}"),
        _checked(digits.is_steuer_id),
        20,
        _NUMBER,
    ),
    Kind(
        "Brazilian CPF",
        _ends("cpf"),
        _like(r"\d{3}\.?\d{3}\.?\d{3}-?\d\d|\d{9,11}"),
        _checked(digits.is_cpf),
        20,
        _NUMBER,
    ),
    Kind("Polish PESEL", _ends("pesel"), _like(r"\d{11}"), None, 20, _NUMBER),
    Kind(
        "Dutch BSN",
        _ends(r"bsn|burger ?service(?: ?nummer)?|sofi(?: ?nummer)?"),
        _like(r"\d{8,9}"),
        _checked(digits.is_bsn, r"\d{9}"),
        50,
        _NUMBER,
    ),
    Kind(
        "provider id (NPI)",
        _ends(r"npi|national ?provider"),
        _like(r"[12]\d{9}"),
        _checked(digits.is_npi, r"\d{10}"),
        20,
        _NUMBER,
    ),
    Kind(
        "UK NHS number",
        _ends("nhs"),
        _like(r"\d{3}[ -]?\d{3}[ -]?\d{4}"),
        _checked(digits.is_nhs),
        20,
        _NUMBER,
    ),
    Kind(
        "device id",
        _ends(
            r"imei|imsi|iccid|udid|idfa|gaid|device ?(?:id|serial|number)|serial ?(?:no|number)|"
            r"seriennummer"
        ),
        _ID,
        _checked(digits.is_imei, r"\d{15}"),
        20,
        _NUMBER,
    ),
    Kind(
        "passport number",
        _ends(r"passport|reisepass|pass ?nr|passnummer|pasaporte|passeport|passaporto"),
        _ID,
        None,
        20,
        _NUMBER,
    ),
    Kind(
        "national id",
        _ends(
            r"national ?id|personal ?id|identity ?(?:card|number)|id ?card|citizen|tax ?id|tin|"
            r"personnummer|personalausweis|ausweis|sozialversicherungs?nummer|ahv|sin|cedula|curp"
        ),
        _ID,
        None,
        20,
        _NUMBER,
    ),
    Kind(
        "medical record number",
        _ends(
            r"mrn|medical ?record|patient ?(?:no|nr|num|number)|chart|health ?(?:plan|insurance)|"
            r"versicherten(?:nummer)?|policy ?holder ?id"
        ),
        _ID,
        None,
        20,
        _NUMBER,
    ),
    Kind(
        "driving licence", _ends(r"driv\w* ?licen[cs]e|fuhrerschein|permis ?(?:de ?)?conduire"), _ID
    ),
    Kind(
        "licence plate",
        _ends(
            r"licen[cs]e ?plate|number ?plate|plate|kennzeichen|immatriculation|matricula|targa|"
            r"kenteken"
        ),
        _like(r"[\w -]{2,12}"),
    ),
    Kind(
        "account number",
        _ends(r"(?:account|acct|bank ?account|konto) ?(?:no|nr|num|number|nummer)|kontonummer"),
        _ID,
        None,
        20,
        _NUMBER,
    ),
    Kind(
        "phone number",
        _called(
            r"phone|telephone|tel|mobile(?: ?(?:no|nr|number|phone))?|cell(?: ?phone)?|fax|telefon|"
            r"telefono|telefone|handy|mobil|gsm|msisdn|telefoon|rufnummer|movil|celular|cellulare"
        ),
        _like(r"[+(]?\d(?:[\d ()./x-]*\d){5,20}\)?"),
        _fits(
            r"\+\d{1,3}[ .(/-]{0,2}(?:\d[ ().-]{0,2}){6,13}|\(\d{3}\) ?\d{3}[- .]\d{4}"
            r"|\d{3}[-.]\d{3}[-.]\d{4}(?: ?x ?\d+)?"
        ),
        10,
        _NUMBER,
    ),
    Kind(
        "first name",
        _ends(
            r"(?:first|given|middle|fore|christian|preferred|nick) ?name|f ?name|vorname|prenom|"
            r"nombre|voornaam|primeiro ?nome"
        ),
        _NAME,
    ),
    Kind(
        "last name",
        _ends(
            r"(?:last|family|maiden|sur) ?name|l ?name|nachname|familienname|geburtsname|"
            r"apellidos?|"
            r"cognome|achternaam|sobrenome|nom ?(?:de ?)?famille"
        ),
        _NAME,
    ),
    Kind(
        "person name",
        re.compile(
            rf"(?:.* )?(?:full ?name|person ?name|(?:{_PERSON}) ?name|nom ?complet|"
            rf"nombre ?completo|"
            r"nome ?completo|vollstandiger ?name|(?:card|account) ?holder)(?: \d+)?"
        ),
        _NAME,
    ),
    Kind(
        "user name",
        _ends(r"user ?name|login|log ?in|screen ?name|nick|benutzername|handle"),
        _like(r"[^\s]{2,40}"),
    ),
    Kind(
        "postal address",
        _called(
            r"address(?: ?line)?|street(?: ?address)?|addr|strasse|anschrift|adresse?|direccion|"
            r"indirizzo|endereco|rue|adres|straat|calle|mailing ?address|po ?box|house ?number"
        ),
        _like(r"(?=.*[^\W\d])(?=.*[\s\d]).{4,120}"),
        _fits(_ADDRESS),
        10,
    ),
    Kind(
        "postal code",
        _called(
            r"zip|zip ?code|postal|postal ?code|post ?code|plz|postleitzahl|codigo ?postal|"
            r"code ?postal|codice ?postale|cep|postcode"
        ),
        _like(r"[A-Z0-9][A-Z0-9 -]{2,9}"),
        None,
        20,
        _NUMBER,
    ),
)
"""In the order in which they are asked: what has a check first."""

BIRTH = _called(
    r"dob|birth|birth ?(?:day|date)|date ?of ?birth|geburts ?(?:datum|tag)|geboren|date ?naissance|"
    r"naissance|fecha ?nacimiento|nacimiento|nascita|data ?nascita|nascimento|geboortedatum|born"
)
PLACE = _ends(
    r"lat|latitude|lon|lng|long|longitude|geo ?(?:point|location|hash)|gps|coordinates?|"
    r"breitengrad|"
    r"langengrad|latitud|longitud"
)
NOT = re.compile(
    r"(?:.* )?(?:type|kind|status|verified|opt(?: in)?|flag|count|source|model|brand|domain|os|"
    r"provider|preferred|valid|active|is|has|amount|cost|plan|price|method|category|hash)"
)
"""Names that end so tell something about such data: `email_verified`, `phone_type`, `card_type`."""
