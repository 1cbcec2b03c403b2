"""Names of columns and tables as words: lower case, singular, abbreviations written out.

`custFName`, `CUST_FNAME` and `cust first names` are all ('customer', 'first', 'name').
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from genesis_sql.providers.rules import vocabulary

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

SHORT = {
    "fname": "first name", "lname": "last name", "mname": "middle name", "firstname": "first name",
    "lastname": "last name", "fullname": "full name", "uname": "user name", "nm": "name",
    "dob": "birth date", "bday": "birth day", "addr": "address", "adr": "address",
    "qty": "quantity",
    "amt": "amount", "desc": "description", "descr": "description", "dsc": "description",
    "tel": "telephone", "ph": "phone", "no": "number", "num": "number",
    "nr": "number", "cnt": "count", "cd": "code", "dt": "date", "dte": "date", "ts": "timestamp",
    "tm": "time", "pct": "percent", "perc": "percent", "id": "identifier", "ident": "identifier",
    "org": "organization", "dept": "department", "emp": "employee", "empl": "employee",
    "cust": "customer", "acct": "account", "acc": "account", "tot": "total", "pwd": "password",
    "img": "image", "pic": "picture", "lang": "language", "ctry": "country", "mgr": "manager",
    "avg": "average", "msg": "message", "txt": "text", "val": "value", "yr": "year", "mo": "month",
    "mth": "month", "hr": "hour", "sec": "second", "min": "minimum", "max": "maximum",
    "ms": "millisecond", "prod": "product", "inv": "invoice", "txn": "transaction",
    "trx": "transaction", "trans": "transaction", "ord": "order", "cat": "category",
    "grp": "group", "loc": "location", "flg": "flag", "ind": "indicator", "sts": "status",
    "stat": "status", "typ": "type", "src": "source", "dest": "destination", "pkg": "package",
    "prov": "provider", "proc": "procedure", "diag": "diagnosis", "rx": "prescription",
    "pt": "patient", "pat": "patient", "mem": "member", "mbr": "member", "usr": "user",
    "pos": "position", "seq": "sequence", "ver": "version", "eff": "effective",
    "exp": "expiry", "upd": "updated", "crt": "created", "curr": "current", "ccy": "currency",
    "bal": "balance", "pymt": "payment", "pmt": "payment", "mfg": "manufacturer",
    "mfr": "manufacturer", "vend": "vendor", "supp": "supplier", "apt": "apartment",
    "zipcode": "zip code", "postcode": "post code", "lat": "latitude", "lng": "longitude",
    "lon": "longitude", "mail": "mail", "uom": "unit measure", "sname": "last name",
    "ssn": "ssn", "attn": "attention", "auth": "authorization",
    "cfg": "configuration", "config": "configuration", "prefs": "preference", "info": "information",
    "doc": "document", "docs": "document", "dir": "directory", "spec": "specification",
    "wt": "weight", "ht": "height", "temp": "temperature", "freq": "frequency", "dur": "duration",
    "beg": "begin", "strt": "start", "lst": "last", "fst": "first", "mid": "middle",
    "ins": "insurance", "rep": "representative", "reps": "representative", "comm": "commission",
    "disc": "discount", "perm": "permission", "spd": "speed", "orig": "original",
    "abbr": "abbreviation", "multicurrency": "currency",
    "pubkey": "public key", "plaintext": "plain text", "mins": "minute", "secs": "second",
    "hrs": "hour", "abbrev": "abbreviation",
    "sid": "identifier", "avail": "available",
    "mkt": "market", "taxvat": "tax number", "stmt": "statement", "dtl": "detail", "yn": "yn",
    "pymnt": "payment", "chg": "charge", "hosp": "hospital", "phys": "physician", "nbr": "number",
}  # fmt: skip
"""Abbreviations, each with the words it stands for."""

FOREIGN = {
    "nombre": "name", "nom": "name", "nome": "name", "naam": "name", "bezeichnung": "name",
    "apellido": "last name", "apellidos": "last name", "cognome": "last name",
    "sobrenome": "last name", "nachname": "last name", "familienname": "last name",
    "vorname": "first name", "prenom": "first name", "imagen": "image", "bild": "image",
    "foto": "photo", "categoria": "category", "categorie": "category", "kategorie": "category",
    "contenido": "content", "contenu": "content", "inhalt": "content", "ubicacion": "location",
    "precio": "price", "preis": "price", "prix": "price", "prezzo": "price", "preco": "price",
    "unitario": "unit", "unitaire": "unit", "fecha": "date", "datum": "date",
    "direccion": "address", "adresse": "address", "endereco": "address", "indirizzo": "address",
    "telefono": "telephone", "telefon": "telephone", "telefone": "telephone", "correo": "email",
    "courriel": "email", "contrasena": "password", "passwort": "password", "senha": "password",
    "cantidad": "quantity", "menge": "quantity", "quantite": "quantity", "quantidade": "quantity",
    "quantita": "quantity", "titulo": "title", "titre": "title", "titel": "title",
    "descripcion": "description", "beschreibung": "description", "descricao": "description",
    "descrizione": "description", "usuario": "user", "benutzer": "user", "utilisateur": "user",
    "benutzername": "user name", "cliente": "customer", "kunde": "customer", "kunden": "customer",
    "producto": "product", "produto": "product", "produit": "product", "prodotto": "product",
    "artikel": "product", "pedido": "order", "commande": "order", "bestellung": "order",
    "rechnung": "invoice", "factura": "invoice", "facture": "invoice", "empleado": "employee",
    "mitarbeiter": "employee", "employe": "employee", "proveedor": "supplier",
    "lieferant": "supplier", "fournisseur": "supplier", "marca": "brand", "marke": "brand",
    "marque": "brand", "edad": "age", "sexo": "gender", "sexe": "gender", "geschlecht": "gender",
    "pais": "country", "pays": "country", "land": "country", "ciudad": "city", "cidade": "city",
    "ville": "city", "stadt": "city", "ort": "city", "calle": "street", "strasse": "street",
    "rue": "street", "activo": "active", "aktiv": "active", "tipo": "type", "codigo": "code",
    "numero": "identifier", "nummer": "identifier", "salario": "salary", "sueldo": "salary",
    "gehalt": "salary", "salaire": "salary", "montant": "amount", "monto": "amount",
    "importe": "amount", "betrag": "amount", "valor": "amount", "nota": "note",
    "bemerkung": "comment", "observacion": "comment", "observaciones": "comment",
    "commentaire": "comment", "comentario": "comment", "nacimiento": "birth",
    "naissance": "birth", "nascimento": "birth", "geburtsdatum": "birth date", "inicio": "start",
    "beginn": "start", "anzahl": "count", "abteilung": "department", "departamento": "department",
    "erstellt": "created", "geaendert": "updated", "bestelldatum": "order date",
    "rechnungsdatum": "invoice date", "kundennummer": "customer number", "statut": "status",
    "libelle": "label", "empresa": "company", "firma": "company", "entreprise": "company",
    "puesto": "job", "cargo": "job", "beruf": "job", "hausnummer": "house number",
    "postleitzahl": "postal code", "medico": "doctor", "arzt": "doctor", "paciente": "patient",
    "persona": "person", "alumno": "student", "estudiante": "student", "estudiantes": "student",
    "docente": "teacher", "profesor": "teacher", "curso": "course", "libro": "book",
    "autor": "author", "livre": "book", "auteur": "author", "editorial": "publisher",
    "registro": "registered", "creacion": "created", "actualizacion": "updated",
    "modificacion": "modified", "vencimiento": "due", "entrega": "delivery", "pago": "payment",
    "peso": "weight", "altura": "height", "existencia": "stock", "existencias": "stock",
    "specialite": "specialty", "especialidad": "specialty", "fachrichtung": "specialty",
    "groupe": "group", "grupo": "group", "sanguin": "blood", "sanguineo": "blood", "taux": "rate",
    "tasa": "rate", "debut": "start", "motif": "reason", "motivo": "reason", "grund": "reason",
    "remise": "discount", "rabatt": "discount", "descuento": "discount", "pourcentage": "percent",
    "porcentaje": "percent", "prozent": "percent", "ordre": "order", "clinique": "clinic",
    "clinica": "clinic", "assureur": "insurer", "antecedents": "history",
    "antecedentes": "history", "urgence": "emergency", "emergencia": "emergency",
    "notfall": "emergency", "jour": "day", "jours": "day", "dias": "day", "tage": "day",
    "duree": "duration", "duracion": "duration", "dauer": "duration", "entree": "entry",
    "sortie": "exit", "entrada": "entry", "salida": "exit", "medecin": "doctor",
    "praticien": "practitioner", "praticiens": "practitioner", "habitacion": "room",
    "zimmer": "room", "chambre": "room", "equipo": "team", "equipe": "team", "mannschaft": "team",
    "gewicht": "weight", "hoehe": "height", "groesse": "size", "farbe": "color",
    "couleur": "color", "sprache": "language", "idioma": "language", "langue": "language",
    "waehrung": "currency", "devise": "currency", "moneda": "currency", "saldo": "balance",
    "solde": "balance", "kontostand": "balance", "kosten": "cost", "costo": "cost",
    "cout": "cost", "steuer": "tax", "impuesto": "tax", "gesamt": "total", "summe": "total",
    "bewertung": "rating", "calificacion": "rating", "anmerkung": "comment",
    "kommentar": "comment", "stadtteil": "district",
}  # fmt: skip
"""Spanish, German, French, Portuguese and Italian words, without accents, in English."""

_WORDS = FOREIGN | SHORT

_INITIALS = {"f": "first", "l": "last", "m": "middle"}

KEEP = frozenset(
    "address status series news gps alias has is was does sms os class canvas bus gas iris bonus "
    "campus census access process progress success business wireless species analysis basis "
    "diagnosis axis chassis https ms us tos pos ssl dns aws css ios cms pass loss mass glass "
    "across plus minus less this yes cos abs stress press kudos thesis radius virus focus bias "
    "corps sys express compress apparatus consensus expenses goods".split()
)
"""Words that end on s and are singular."""

_NOISE = frozenset(
    "tbl table dim fact fct stg master data entity list record view vw base tab tmp raw main mst "
    "language translation localization localisation i18n".split()
)

_SHORT_JOINED = frozenset("of at by id no on to is".split())
_PIECES = frozenset("qty amt bal num mkt acct addr dept cust prod desc lang curr avail".split())
"""Abbreviations that stand inside words written together ('acctbal')."""


def _known() -> frozenset[str]:
    """Words that names are put together from: those of the rules."""
    return vocabulary() | _PIECES


@lru_cache(maxsize=65536)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name.

    Example:
        >>> words_of("custFName"), words_of("ADDR1"), words_of("dateofbirth")
        (('customer', 'first', 'name'), ('address', '1'), ('date', 'of', 'birth'))
    """
    plain = (
        unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    )
    found: list[str] = []
    for part in _PARTS.findall(plain):
        if part.lower() == "name" and found and found[-1] in _INITIALS:
            found[-1] = _INITIALS[found[-1]]  # the F of CustFName
        found += _written_out(part.lower())
    return tuple(found)


def _written_out(word: str) -> list[str]:
    """One part of a name as words."""
    if word in _WORDS:
        return _WORDS[word].split()
    if word.isdigit():
        return [word]
    apart = _apart(word)
    if apart:
        return [w for part in apart for w in (_WORDS.get(part) or singular(part)).split()]
    one = singular(word)
    return _WORDS[one].split() if one in _WORDS else [one]


@lru_cache(maxsize=65536)
def _apart(word: str) -> tuple[str, ...]:
    """Words written together ('orderdate'), cut where every piece is well known; else nothing."""
    if len(word) < 6 or word in _known():
        return ()
    for cut in range(len(word) - 2, 1, -1):
        head, tail = word[:cut], word[cut:]
        if head not in _known() and head not in _SHORT_JOINED:
            continue
        if tail in _known() or tail in _SHORT_JOINED:
            return head, tail
        rest = _apart(tail)
        if rest:
            return (head, *rest)
    return ()


def singular(word: str) -> str:
    """The singular of an English word, by its ending.

    Example:
        >>> [singular(w) for w in ("cities", "boxes", "addresses", "status", "names")]
        ['city', 'box', 'address', 'status', 'name']
    """
    if word in KEEP or len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return {"people": "person", "children": "child", "men": "man"}.get(word, word)
    if word.endswith("ies") and len(word) > 4:
        return {"movies": "movie", "series": "series"}.get(word, word[:-3] + "y")
    if word.endswith(("sses", "xes", "ches", "shes", "uses")) and word not in ("causes", "uses"):
        stem = word[:-2]
        return stem if stem in KEEP or not stem.endswith("us") else word[:-1]
    return word if word.endswith("us") else word[:-1]


@lru_cache(maxsize=65536)
def table_words(name: str) -> tuple[str, ...]:
    """The words of a table's name without what only says that it is one ('tbl', 'dim_').

    Example:
        >>> table_words("tblCustomers"), table_words("dim_product"), table_words("order_items")
        (('customer',), ('product',), ('order', 'item'))
    """
    words = words_of(name)
    kept = tuple(w for w in words if w not in _NOISE and not w.isdigit())
    return kept or words
