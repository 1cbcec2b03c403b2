"""Words about people, ours but for the area codes (NANPA) and ranges (the regulators)."""

from __future__ import annotations

PREFIXES = ({"Ms.": 0.6, "Mrs.": 0.3, "Dr.": 0.1}, {"Mr.": 0.9, "Dr.": 0.1})
"""Of women, of men."""
NATIONAL_IDS = {
    "en_US": "9##-1#-####",
    "de_DE": "0##########",
    "fr_FR": "9 ## ## ## ### ### ##",
    "es_ES": "0000####-X",
    "it_IT": "XXXXXX##X##X###X",
    "nl_NL": "000######",
    "pt_BR": "000.###.###-00",
    "en_GB": "QQ ## ## ## Z",
    "ja_JP": "0000-####-####",
}
"""Never issued: SSA gives no area 9xx, the IRS no group below 50 there (ITIN); a Steuer-ID does not
begin with 0, a NIR not with 9; HMRC uses no prefix QQ."""
PHONES = {
    "en_US": ("(AAA) 555-01##", "AAA-555-01##", "AAA55501##", "555-01##"),
    "en_GB": ("020 7946 0###", "02079460###"),
    "de_DE": ("030 23125 ###", "03023125###"),
    "fr_FR": ("01 99 00 ## ##", "019900####"),
    "es_ES": ("+34 555 ### ###", "555######"),
    "it_IT": ("+39 000 #######", "000#######"),
    "nl_NL": ("+31 00 ### ####", "000#######"),
    "pt_BR": ("(00) 0####-####", "000########"),
    "ja_JP": ("00-0000-####", "000000####"),
    "*": ("+99 555 ### ####", "555 ####", "555####"),
}
"""NANPA 555-0100 to -0199, Ofcom 020 7946 0xxx, Bundesnetzagentur 030 23125 xxx, ARCEP 01 99 00:
ranges kept for films; elsewhere a code that no subscriber has."""
MANY_PHONES = {
    "en_US": ("(555) ###-####", "555-###-####", "555#######"),
    "en_GB": ("00 ### ### ###", "00#########"),
    "de_DE": ("000 ### #####", "000########"),
    "fr_FR": ("00 99 ## ## ## ##", "0099########"),
    "*": ("+99 555 ### ####", "555 ### ####", "555#######"),
}
"""Where no two may be the same: more numbers, under codes that nobody has (area code 555)."""
AREA_CODES = (
    "201", "202", "203", "205", "206", "207", "208", "209", "210", "212", "213", "214", "215",
    "216", "217", "218", "219", "224", "225", "228", "229", "231", "234", "239", "240", "248",
    "251", "252", "253", "254", "256", "260", "262", "267", "269", "270", "276", "281", "301",
    "302", "303", "304", "305", "307", "308", "309", "310", "312", "313", "314", "315", "316",
    "317", "318", "319", "320", "321", "323", "330", "334", "336", "337", "347", "351", "352",
    "360", "361", "386", "401", "402", "404", "405", "406", "407", "408", "409", "410", "412",
    "413", "414", "415", "417", "419", "423", "424", "425", "434", "435", "440", "443", "469",
    "478", "479", "480", "501", "502", "503", "504", "505", "507", "508", "509", "510", "512",
    "513", "515", "516", "517", "518", "520", "530", "540", "541", "551", "559", "561", "562",
    "563", "570", "571", "573", "574", "580", "585", "586", "601", "602", "603", "605", "606",
    "607", "608", "609", "610", "612", "614", "615", "616", "617", "618", "619", "620", "623",
    "626", "630", "631", "636", "641", "646", "650", "651", "660", "661", "662", "682", "701",
    "702", "703", "704", "706", "707", "708", "712", "713", "714", "715", "716", "717", "718",
    "719", "720", "724", "727", "731", "732", "734", "740", "754", "757", "760", "763", "765",
    "770", "772", "773", "774", "775", "781", "785", "786", "801", "802", "803", "804", "805",
    "806", "808", "810", "812", "813", "814", "815", "816", "817", "818", "828", "830", "831",
    "832", "843", "845", "847", "850", "856", "857", "858", "859", "860", "863", "864", "865",
    "870", "901", "903", "904", "906", "907", "908", "909", "910", "912", "913", "914", "915",
    "916", "917", "918", "919", "920", "925", "928", "931", "936", "937", "940", "941", "949",
    "951", "952", "954", "956", "970", "971", "972", "973", "978", "979", "980", "985", "989",
)  # fmt: skip
DOMAINS = (
    "example.com", "example.org", "example.net", "mail.example", "inbox.example", "post.example",
    "letters.example", "home.example", "office.example",
)  # fmt: skip
"""Kept for examples by RFC 2606 and RFC 6761: no mail to them reaches anybody."""
SHORT_DOMAIN = "a.example"
"""Where there is no room for another."""
BIG = ("example.com", "example.org", "example.net", "mail.example")
HANDLES_FRONT = (
    "amber", "ancient", "autumn", "bold", "brave", "bright", "calm", "clever", "cosmic", "crimson",
    "dapper", "eager", "early", "fancy", "gentle", "golden", "happy", "hidden", "humble", "icy",
    "jolly", "keen", "lively", "lucky", "mellow", "mighty", "misty", "noble", "proud", "quick",
    "quiet", "rapid", "silent", "silver", "sunny", "swift", "tidy", "vivid", "wild", "witty",
)  # fmt: skip
HANDLES_BACK = (
    "badger", "beacon", "breeze", "brook", "canyon", "cedar", "comet", "condor", "coral", "falcon",
    "fern", "finch", "forest", "fox", "harbor", "hawk", "heron", "lark", "lynx", "maple", "meadow",
    "moon", "moose", "oak", "ocean", "otter", "owl", "panda", "pine", "puffin", "raven", "reef",
    "river", "robin", "sparrow", "storm", "summit", "tiger", "willow", "wolf",
)  # fmt: skip
JOBS = (
    "Account Manager", "Accountant", "Administrative Assistant", "Analyst", "Architect",
    "Area Manager", "Art Director", "Auditor", "Backend Developer", "Bookkeeper", "Branch Manager",
    "Business Analyst", "Buyer", "Chief Executive", "Civil Engineer", "Claims Adjuster",
    "Communications Officer", "Compliance Officer", "Construction Manager", "Consultant",
    "Content Editor", "Controller", "Customer Service Agent", "Data Analyst", "Data Engineer",
    "Data Scientist", "Database Administrator", "Dental Assistant", "Designer", "Dispatcher",
    "Driver", "Economist", "Editor", "Electrician", "Engineer", "Event Planner",
    "Executive Assistant", "Facilities Manager", "Field Technician", "Finance Director",
    "Financial Analyst", "Frontend Developer", "Graphic Designer", "Head of Sales",
    "Help Desk Technician", "Human Resources Manager", "Insurance Agent", "Interior Designer",
    "Inventory Planner", "Laboratory Technician", "Lawyer", "Legal Assistant", "Librarian",
    "Logistics Coordinator", "Machinist", "Maintenance Technician", "Marketing Manager",
    "Mechanical Engineer", "Medical Assistant", "Network Engineer", "Nurse", "Office Manager",
    "Operations Manager", "Paralegal", "Payroll Clerk", "Pharmacist", "Physical Therapist",
    "Planner", "Plumber", "Product Manager", "Product Owner", "Production Supervisor",
    "Project Manager", "Property Manager", "Purchasing Agent", "Quality Engineer",
    "Real Estate Agent", "Receptionist", "Recruiter", "Research Assistant", "Sales Manager",
    "Sales Representative", "Security Analyst", "Security Officer", "Site Manager",
    "Social Worker", "Software Engineer", "Store Manager", "Supply Chain Manager",
    "Support Engineer", "Systems Administrator", "Tax Advisor", "Teacher", "Team Lead",
    "Technical Writer", "Test Engineer", "Translator", "Treasurer", "Underwriter", "UX Researcher",
    "Veterinarian", "Warehouse Clerk", "Web Developer", "Welder",
)  # fmt: skip
DEPARTMENTS = {
    "Sales": 0.18, "Operations": 0.15, "Engineering": 0.14, "Customer Support": 0.12,
    "Marketing": 0.09, "Finance": 0.08, "Human Resources": 0.05, "IT": 0.06, "Logistics": 0.05,
    "Purchasing": 0.03, "Legal": 0.02, "Research": 0.03,
}  # fmt: skip
MARITAL = {"Married": 0.48, "Single": 0.34, "Divorced": 0.11, "Widowed": 0.05, "Separated": 0.02}
NATIONALITIES = {
    "American": 0.4, "British": 0.08, "Canadian": 0.08, "German": 0.07, "French": 0.06,
    "Spanish": 0.05, "Italian": 0.05, "Mexican": 0.05, "Brazilian": 0.05, "Indian": 0.05,
    "Japanese": 0.03, "Dutch": 0.03,
}  # fmt: skip
LANGUAGES = {
    "English": 0.5, "Spanish": 0.16, "French": 0.08, "German": 0.08, "Portuguese": 0.05,
    "Italian": 0.04, "Chinese": 0.04, "Japanese": 0.03, "Arabic": 0.02,
}  # fmt: skip
