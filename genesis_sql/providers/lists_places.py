"""Cities, countries, streets: facts anybody can look up, written down by us."""

from __future__ import annotations

ABOUT = {
    "city": "a real city, of the state and ZIP code beside it",
    "state": "the state, region or province of the city",
    "state_code": "its letters",
    "postal_code": "a postal code of the city",
    "county": "the county or district of the city",
    "time_zone": "the time zone of the place",
    "country": "a country; the one of the locale beside a city",
    "country_code": "its two letters (ISO 3166)",
    "latitude": "near the middle of the place",
    "longitude": "near the middle of the place",
}
EXAMPLES = {
    "city": "Austin", "state": "Texas", "state_code": "TX", "postal_code": "78701",
    "county": "Travis County", "time_zone": "America/Chicago", "country": "United States",
    "country_code": "US", "latitude": "30.27431", "longitude": "-97.74012",
}  # fmt: skip
FAKER = {
    "city": "city", "state": "administrative_unit", "state_code": "country_code",
    "postal_code": "postcode", "county": "city", "time_zone": "timezone",
}  # fmt: skip
"""Where we have no places of a locale."""

Row = tuple[str, str, str, str, str, str, str, str, int]


def _rows(zone: str, text: str) -> tuple[Row, ...]:
    """city|region|code|postal code|latitude|longitude|weight, one a line."""
    out: list[Row] = []
    for line in text.strip().splitlines():
        city, region, code, post, lat, lon, weight = line.split("|")
        out.append((city, region, code, post, region, lat, lon, zone, int(weight)))
    return tuple(out)


CITIES: dict[str, tuple[Row, ...]] = {
    "de_DE": _rows("Europe/Berlin", """
Berlin|Berlin|BE|10115|52.532|13.385|37
Hamburg|Hamburg|HH|20095|53.551|10.000|19
München|Bayern|BY|80331|48.136|11.571|15
Köln|Nordrhein-Westfalen|NW|50667|50.938|6.955|11
Frankfurt am Main|Hessen|HE|60311|50.111|8.682|8
Stuttgart|Baden-Württemberg|BW|70173|48.778|9.180|6
Düsseldorf|Nordrhein-Westfalen|NW|40213|51.226|6.773|6
Leipzig|Sachsen|SN|04109|51.340|12.375|6
Dortmund|Nordrhein-Westfalen|NW|44135|51.514|7.465|6
Essen|Nordrhein-Westfalen|NW|45127|51.456|7.012|6
Bremen|Bremen|HB|28195|53.079|8.802|6
Dresden|Sachsen|SN|01067|51.056|13.722|6
Hannover|Niedersachsen|NI|30159|52.374|9.738|5
Nürnberg|Bayern|BY|90402|49.451|11.080|5
Freiburg im Breisgau|Baden-Württemberg|BW|79098|47.996|7.849|2
Mainz|Rheinland-Pfalz|RP|55116|49.999|8.271|2
Kiel|Schleswig-Holstein|SH|24103|54.321|10.135|2
Erfurt|Thüringen|TH|99084|50.978|11.029|2
"""),
    "fr_FR": _rows("Europe/Paris", """
Paris|Île-de-France|IDF|75001|48.863|2.336|21
Paris|Île-de-France|IDF|75011|48.859|2.380|21
Marseille|Provence-Alpes-Côte d'Azur|PAC|13001|43.300|5.383|9
Lyon|Auvergne-Rhône-Alpes|ARA|69001|45.769|4.830|5
Toulouse|Occitanie|OCC|31000|43.604|1.444|5
Nice|Provence-Alpes-Côte d'Azur|PAC|06000|43.703|7.266|3
Nantes|Pays de la Loire|PDL|44000|47.218|-1.554|3
Montpellier|Occitanie|OCC|34000|43.611|3.877|3
Strasbourg|Grand Est|GES|67000|48.583|7.746|3
Bordeaux|Nouvelle-Aquitaine|NAQ|33000|44.838|-0.579|3
Lille|Hauts-de-France|HDF|59000|50.637|3.063|2
Rennes|Bretagne|BRE|35000|48.117|-1.678|2
Dijon|Bourgogne-Franche-Comté|BFC|21000|47.322|5.041|2
Rouen|Normandie|NOR|76000|49.443|1.099|1
"""),
    "es_ES": _rows("Europe/Madrid", """
Madrid|Comunidad de Madrid|MD|28013|40.420|-3.706|33
Barcelona|Cataluña|CT|08001|41.380|2.169|16
Valencia|Comunidad Valenciana|VC|46001|39.474|-0.379|8
Sevilla|Andalucía|AN|41001|37.390|-5.996|7
Zaragoza|Aragón|AR|50001|41.653|-0.878|7
Málaga|Andalucía|AN|29001|36.724|-4.420|6
Murcia|Región de Murcia|MC|30001|37.987|-1.129|5
Palma|Islas Baleares|IB|07001|39.570|2.650|4
Bilbao|País Vasco|PV|48001|43.263|-2.935|3
Valladolid|Castilla y León|CL|47001|41.653|-4.728|3
Vigo|Galicia|GA|36201|42.238|-8.720|3
Gijón|Asturias|AS|33201|43.545|-5.663|3
"""),
    "it_IT": _rows("Europe/Rome", """
Roma|Lazio|RM|00184|41.894|12.494|28
Milano|Lombardia|MI|20121|45.472|9.192|14
Napoli|Campania|NA|80133|40.841|14.251|9
Torino|Piemonte|TO|10121|45.069|7.679|8
Palermo|Sicilia|PA|90133|38.118|13.366|6
Genova|Liguria|GE|16121|44.406|8.939|6
Bologna|Emilia-Romagna|BO|40121|44.500|11.342|4
Firenze|Toscana|FI|50122|43.769|11.259|4
Bari|Puglia|BA|70122|41.127|16.868|3
Catania|Sicilia|CT|95131|37.502|15.087|3
Venezia|Veneto|VE|30121|45.441|12.327|3
Verona|Veneto|VR|37121|45.442|10.997|3
"""),
    "nl_NL": _rows("Europe/Amsterdam", """
Amsterdam|Noord-Holland|NH|1012 AB|52.379|4.899|9
Rotterdam|Zuid-Holland|ZH|3011 AA|51.921|4.487|7
Den Haag|Zuid-Holland|ZH|2511 AA|52.079|4.313|6
Utrecht|Utrecht|UT|3511 AA|52.095|5.113|4
Eindhoven|Noord-Brabant|NB|5611 AA|51.438|5.477|2
Groningen|Groningen|GR|9711 AA|53.217|6.568|2
Tilburg|Noord-Brabant|NB|5038 AA|51.557|5.088|2
Breda|Noord-Brabant|NB|4811 AA|51.590|4.779|2
Nijmegen|Gelderland|GE|6511 AA|51.848|5.863|2
Arnhem|Gelderland|GE|6811 AA|51.983|5.905|2
Haarlem|Noord-Holland|NH|2011 AA|52.382|4.638|2
Maastricht|Limburg|LI|6211 AA|50.851|5.692|1
"""),
    "pt_BR": _rows("America/Sao_Paulo", """
São Paulo|São Paulo|SP|01001-000|-23.550|-46.634|115
Rio de Janeiro|Rio de Janeiro|RJ|20040-002|-22.904|-43.176|62
Brasília|Distrito Federal|DF|70040-010|-15.794|-47.883|28
Salvador|Bahia|BA|40020-000|-12.974|-38.511|24
Fortaleza|Ceará|CE|60025-000|-3.727|-38.527|24
Belo Horizonte|Minas Gerais|MG|30110-000|-19.923|-43.935|23
Curitiba|Paraná|PR|80010-000|-25.430|-49.271|18
Recife|Pernambuco|PE|50010-000|-8.063|-34.871|15
Goiânia|Goiás|GO|74003-010|-16.680|-49.256|14
Porto Alegre|Rio Grande do Sul|RS|90010-000|-30.031|-51.228|13
Belém|Pará|PA|66010-000|-1.455|-48.503|13
Florianópolis|Santa Catarina|SC|88010-000|-27.597|-48.549|5
"""),
    "ja_JP": _rows("Asia/Tokyo", """
千代田区|東京都|13|100-0001|35.685|139.753|7
新宿区|東京都|13|160-0022|35.689|139.706|35
横浜市|神奈川県|14|231-0005|35.447|139.636|38
大阪市|大阪府|27|530-0001|34.702|135.496|27
名古屋市|愛知県|23|450-0002|35.171|136.884|23
札幌市|北海道|01|060-0001|43.063|141.346|20
福岡市|福岡県|40|810-0001|33.590|130.399|16
川崎市|神奈川県|14|210-0007|35.531|139.698|15
神戸市|兵庫県|28|650-0021|34.691|135.192|15
京都市|京都府|26|600-8216|34.987|135.759|14
さいたま市|埼玉県|11|330-0854|35.907|139.624|13
広島市|広島県|34|730-0011|34.398|132.457|12
仙台市|宮城県|04|980-0021|38.262|140.877|11
"""),
    "en_GB": _rows("Europe/London", """
London|England|ENG|EC1A 1AA|51.520|-0.098|60
London|England|ENG|SW1A 2AA|51.504|-0.127|30
Birmingham|England|ENG|B1 1AA|52.478|-1.899|11
Leeds|England|ENG|LS1 1UR|53.797|-1.548|8
Glasgow|Scotland|SCT|G1 1XQ|55.861|-4.251|6
Sheffield|England|ENG|S1 2HH|53.380|-1.470|6
Manchester|England|ENG|M1 1AE|53.479|-2.236|6
Edinburgh|Scotland|SCT|EH1 1YZ|55.950|-3.190|5
Liverpool|England|ENG|L1 8JQ|53.404|-2.980|5
Bristol|England|ENG|BS1 4DJ|51.453|-2.600|5
Cardiff|Wales|WLS|CF10 1EP|51.478|-3.177|4
Belfast|Northern Ireland|NIR|BT1 5GS|54.597|-5.930|3
"""),
}  # fmt: skip
"""City, region, its code, a postal code there, where it lies, people as weight."""

STATE_ZONES = {
    **dict.fromkeys("CT DE DC FL GA IN KY ME MD MA MI NH NJ NY NC OH PA RI SC VT VA WV".split(),
                    "America/New_York"),
    **dict.fromkeys("AL AR IL IA KS LA MN MS MO NE ND OK SD TN TX WI".split(), "America/Chicago"),
    **dict.fromkeys("CO ID MT NM UT WY".split(), "America/Denver"),
    **dict.fromkeys("CA NV OR WA".split(), "America/Los_Angeles"),
    "AZ": "America/Phoenix", "AK": "America/Anchorage", "HI": "Pacific/Honolulu",
}  # fmt: skip
"""Of most people of the state."""
COUNTRIES = {
    "US": "United States", "CA": "Canada", "MX": "Mexico", "GB": "United Kingdom", "IE": "Ireland",
    "DE": "Germany", "FR": "France", "ES": "Spain", "PT": "Portugal", "IT": "Italy",
    "NL": "Netherlands", "BE": "Belgium", "LU": "Luxembourg", "CH": "Switzerland", "AT": "Austria",
    "DK": "Denmark", "SE": "Sweden", "NO": "Norway", "FI": "Finland", "IS": "Iceland",
    "PL": "Poland", "CZ": "Czechia", "SK": "Slovakia", "HU": "Hungary", "RO": "Romania",
    "BG": "Bulgaria", "GR": "Greece", "HR": "Croatia", "SI": "Slovenia", "RS": "Serbia",
    "EE": "Estonia", "LV": "Latvia", "LT": "Lithuania", "UA": "Ukraine", "TR": "Türkiye",
    "IL": "Israel", "AE": "United Arab Emirates", "SA": "Saudi Arabia", "QA": "Qatar",
    "EG": "Egypt", "MA": "Morocco", "TN": "Tunisia", "NG": "Nigeria", "GH": "Ghana", "KE": "Kenya",
    "TZ": "Tanzania", "UG": "Uganda", "ET": "Ethiopia", "SN": "Senegal", "ZA": "South Africa",
    "NA": "Namibia", "BW": "Botswana", "ZM": "Zambia", "MZ": "Mozambique", "AO": "Angola",
    "IN": "India", "PK": "Pakistan", "BD": "Bangladesh", "LK": "Sri Lanka", "NP": "Nepal",
    "CN": "China", "HK": "Hong Kong", "TW": "Taiwan", "JP": "Japan", "KR": "South Korea",
    "MN": "Mongolia", "TH": "Thailand", "VN": "Vietnam", "KH": "Cambodia", "MY": "Malaysia",
    "SG": "Singapore", "ID": "Indonesia", "PH": "Philippines", "AU": "Australia",
    "NZ": "New Zealand", "FJ": "Fiji", "BR": "Brazil", "AR": "Argentina", "CL": "Chile",
    "UY": "Uruguay", "PY": "Paraguay", "BO": "Bolivia", "PE": "Peru", "EC": "Ecuador",
    "CO": "Colombia", "VE": "Venezuela", "PA": "Panama", "CR": "Costa Rica", "GT": "Guatemala",
    "HN": "Honduras", "SV": "El Salvador", "NI": "Nicaragua", "DO": "Dominican Republic",
    "JM": "Jamaica", "TT": "Trinidad and Tobago", "KZ": "Kazakhstan", "GE": "Georgia",
    "AM": "Armenia", "AZ": "Azerbaijan", "JO": "Jordan", "MT": "Malta", "CY": "Cyprus",
}  # fmt: skip
COUNTRY_SHARES = {"US": 30, "GB": 8, "CA": 7, "DE": 7, "FR": 6, "IN": 5, "AU": 4, "BR": 4, "ES": 4,
                  "IT": 4, "NL": 3, "MX": 3, "JP": 3}  # fmt: skip

ZONES = {"EST": 40.0, "CST": 27.0, "PST": 17.0, "MST": 8.0, "UTC": 8.0}
"""Short names of time zones, and how many live there."""

NUMBER_FIRST = ("en_US", "en_GB", "fr_FR")
_TREES = ("Alder", "Ash", "Birch", "Cedar", "Chestnut", "Elm", "Hazel", "Hickory", "Juniper",
          "Laurel", "Linden", "Magnolia", "Maple", "Oak", "Pine", "Poplar", "Spruce", "Sycamore",
          "Walnut", "Willow")  # fmt: skip
_OTHERS = ("Bridge", "Canal", "Church", "Forest", "Garden", "Hill", "Lake", "Main", "Market",
           "Meadow", "Mill", "North", "Orchard", "Park", "Prospect", "Railroad", "River", "School",
           "South", "Spring", "Station", "Sunset", "Valley", "Water", "West")  # fmt: skip
STREET_WORDS = (*_TREES, *_OTHERS)
STREET_KINDS = ("Street", "Avenue", "Drive", "Lane", "Road")
STREETS: dict[str, tuple[str, ...]] = {
    "en_US": tuple(f"{word} {kind}" for word in STREET_WORDS
                   for kind in ("Street", "Avenue", "Drive", "Lane", "Road")),
    "en_GB": tuple(f"{word} {kind}" for word in (*_TREES, *_OTHERS[:16])
                   for kind in ("Street", "Road", "Lane", "Close")),
    "de_DE": ("Ahornweg", "Am Bach", "Bahnhofstraße", "Bergstraße", "Birkenweg", "Blumenstraße",
              "Brunnenstraße", "Buchenweg", "Dorfstraße", "Eichenweg", "Feldstraße",
              "Gartenstraße", "Hauptstraße", "Jahnstraße", "Kirchstraße", "Lindenstraße",
              "Marktplatz", "Mühlenweg", "Poststraße", "Ringstraße", "Rosenweg", "Schillerstraße",
              "Schulstraße", "Talstraße", "Waldstraße", "Wiesenweg"),
    "fr_FR": ("rue de la Gare", "rue de l'Église", "rue des Écoles", "rue du Moulin",
              "rue des Lilas", "rue du Château", "rue de la Fontaine", "rue des Jardins",
              "rue Pasteur", "rue Victor Hugo", "avenue de la République", "avenue de la Gare",
              "avenue des Tilleuls", "boulevard du Nord", "place de la Mairie", "impasse des Roses",
              "chemin des Vignes", "allée des Chênes", "quai du Port", "rue Neuve"),
    "es_ES": ("Calle Mayor", "Calle Real", "Calle Nueva", "Calle del Sol", "Calle de la Iglesia",
              "Calle de las Flores", "Calle del Mar", "Calle San Juan", "Avenida de la Paz",
              "Avenida de España", "Avenida del Parque", "Plaza Mayor", "Paseo de la Estación",
              "Camino Viejo", "Calle de la Fuente", "Calle Olivo", "Ronda Norte", "Calle Alta"),
    "it_IT": ("Via Roma", "Via Garibaldi", "Via Mazzini", "Via Dante", "Via Verdi",
              "Via della Stazione", "Via delle Rose", "Via dei Mille", "Via del Mulino",
              "Via Nuova", "Viale dei Tigli", "Viale Europa", "Corso Italia", "Piazza Mercato",
              "Vicolo Stretto", "Via San Marco", "Via Fontana", "Via del Bosco"),
    "nl_NL": ("Dorpsstraat", "Kerkstraat", "Molenweg", "Schoolstraat", "Stationsweg",
              "Beatrixstraat", "Julianalaan", "Parklaan", "Eikenlaan", "Beukenlaan", "Lindelaan",
              "Nieuwstraat", "Markt", "Havenkade", "Wilgenstraat", "Zandweg", "Tuinstraat"),
    "pt_BR": ("Rua das Flores", "Rua do Sol", "Rua Sete de Setembro", "Rua XV de Novembro",
              "Rua da Praia", "Rua do Comércio", "Avenida Brasil", "Avenida Central",
              "Avenida das Palmeiras", "Travessa da Paz", "Praça da Matriz", "Rua São José",
              "Rua das Acácias", "Alameda dos Ipês", "Rua Boa Vista", "Rua da Estação"),
    "ja_JP": ("本町", "中央", "栄町", "緑町", "旭町", "東町", "西町", "南町", "北町", "桜町",
              "若葉", "松原", "青葉", "大手町", "泉町", "幸町"),
}  # fmt: skip
